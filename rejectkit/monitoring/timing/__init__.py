"""How late an alert is: from the first packet to the notice, stage by stage."""
