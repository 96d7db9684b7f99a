"""Who is asked for a job, and why: standing offers ranked, refused and explained. Pure.

Place: L2, knows ``protocol`` alone, so that client, node and any market service rank alike; a
service is convenient and never needed. Prices are compared as integer wei; floats occur in the
posterior of reliability alone and leave it as whole parts per million. Never: I/O, a clock of its
own, or money decided by anything but wei.
"""
