"""Identity and permission: who asks, what they may do, and the log of what they did."""
