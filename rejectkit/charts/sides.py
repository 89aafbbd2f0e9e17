"""Inbound or outbound: as the records say, or as the interface's own end of each flow tells."""

from __future__ import annotations

import numpy as np
import pandas as pd

from rejectkit.exploring.flows import EGRESS, INGRESS, REQUIRED, Flows

DIRECTION = "flowDirection"


def with_direction(df: pd.DataFrame) -> pd.DataFrame:
    """Return a table with the column `flowDirection`: its own, or one worked out where records have none.

    The default format has no `flow-direction`; `exploring.flows` says how it is worked out. A record that
    does not tell has a null.

    Parameters
    ----------
    df : DataFrame
        Any table; one that is not records and has no `flowDirection` is returned as it is.

    Examples
    --------
    >>> with_direction(pd.DataFrame({"flowDirection": ["ingress"]}))["flowDirection"].tolist()
    ['ingress']
    """
    timed = "@timestamp" in df.columns or "start" in df.columns
    if DIRECTION in df.columns or not timed or not set(REQUIRED) <= set(df.columns):
        return df
    flows = Flows.of(df)
    found = np.zeros(len(df), np.int64)
    found[flows.row] = flows.directions()
    words = pd.Categorical(np.where(found == INGRESS, "ingress", "egress"))
    return df.assign(**{DIRECTION: pd.Series(words, index=df.index).where(np.isin(found, (INGRESS, EGRESS)))})
