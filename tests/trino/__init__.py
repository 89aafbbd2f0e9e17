"""What the tests of Athena's SQL share: queries of the contract suite's generator, over tables as Glue has them."""
