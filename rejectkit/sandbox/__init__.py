"""An AWS that lives in the kernel; for now, the traffic of its scenario."""
