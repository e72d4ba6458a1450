"""Where everything lies: one memory of 64-bit words a member, and one of tables for all members.

Both are seen twice, as int64 (`i`, `ti`) and as float64 (`f`, `tf`), so that the kernel passes four arrays whatever it
does. Things refer to each other by address: field FIELD of the thing at address a is i[a + FIELD] or f[a + FIELD].
What can be in the heap of events starts with WHAT, RANK, POS. Names in capitals end a word where a float lies: `_F`.
"""

# --------------------------------------------------------------------------------- anything that happens at a time
WHAT, RANK, POS = 0, 1, 2  # kind of event; order at equal times; place in the heap, -1 none
CALENDAR, MODE, FAIL, DELIVERY, END, RENEGE, BATCH, COMING, SOURCE = range(9)
RANKS = {CALENDAR: 0, MODE: 1, FAIL: 2, DELIVERY: 3, END: 4, SOURCE: 5}  # at equal times, then by number
RANK_BITS = 56

# ------------------------------------------------------------------------------------------------- a member's header
TIME_F, KEY, STATUS, HEAP, HEAPED, TOP, FREED, ROOM, ALIVE = range(9)
DIRTY_FIRST, DIRTY_LAST, STAMP, BLOCKED, URGENT, CHECK, JOBS_FIRST, JOBS_LAST = range(9, 17)
TRACE, TRACE_ROOM, TRACED, STUCK, OFFSET_F, TAKEN, BEGUN = range(17, 24)
SCRATCH, HOLE, COUNTED, HEADER = (
    24,
    32,
    33,
    40,
)  # HOLE: what is at the top of the heap is happening; COUNTED: of the census
DONE, FULL, TRACE_FULL, DEADLOCK = range(4)
FRESH, RESUMED, RUNNING = range(3)  # of BEGUN

# -------------------------------------------------------------------------------------------------------- an entity
NUMBER, CLASS, TRAITS, STEP, ROUND, REPEAT, HASH = range(3, 10)
SINCE_F, FROM_F, BEGAN_F, LENGTH_F, LEFT_F, CAME_F, ENTERED_F = range(10, 17)
NEXT, PREV, LIST, MATE, GOAL, UNIT, PLACE, MARK, OWN, HELD_N, HELD = range(17, 28)
MOST_HELD = 8
ENTITY = HELD + MOST_HELD + 1
SOURCE_BITS, LAYER_BITS, INDEX_BITS = 9, 8, 36  # of NUMBER: below 2^53, exact as a float too
CENSUS = (1 << SOURCE_BITS) - 1  # "source" of those who were there at the start

# ------------------------------------------------------------------------------------------------ groups and supplies
TAB, OPEN_N, FREE_N, UNITS, COUNT, EDGE, DIRTY = range(
    3, 10
)  # DIRTY: next in the list of those to be served, -1 not in it
BUSY_F, OPEN_F, OVER_F, DOWN_F, TOUCHED_F = range(10, 15)  # levels, and when the areas were brought up to date
BUSY_AREA, OPEN_AREA, OVER_AREA, DOWN_AREA, STARTS_F, INTERRUPTS_F, FAILS_F = range(15, 22)
LEVEL_F, CAPACITY_F, USED_F, ORDERS, ORDERED_F, LEVEL_AREA = range(22, 28)  # supplies only
HINT = 28  # no unit below this address is free
GROUP = 30
POOL, LISTS, OFF_SHIFT, HANDOVER_F, TURN_STEP, REPAIR_STEP, EVERY, STOCK, REORDER_F, LEAD = range(10)  # table
GROUP_TAB = 12
FINISH, HAND, SUSPEND = range(3)

# ------------------------------------------------------------------------------------------------------------- units
STATE, HOLDER, GROUP_OF, LEAVING, FAILED, FAILS, PICK, JOB_NEXT, JOBS = range(3, 12)
UNIT_SIZE = 12
OFF, FREE, BUSY, DOWN = range(4)

# -------------------------------------------------------------------------------------------------------------- lists
HEAD, TAIL, LIST_STEP, LIST_CLASS, NEEDS, TRIED = range(6)
LIST_SIZE = 6

# -------------------------------------------------------------------------------------------------------------- steps
WAITING, BATCH_FIRST, BATCH_LAST, BATCH_N, BLOCK_FIRST, BLOCK_LAST, BLOCK_N, GAIN_F = range(8)  # member
STEP_SIZE = 8
LIST0, MATCH, BULK1, AMOUNT1_F, BULK2, AMOUNT2_F, FREE_POOLS, KEEP_POOLS, RELEASE_POOLS = range(9)  # table
PRIORITY_F, LIMIT, IF_FULL, PATIENCE, PATIENCE_TO, BATCH_SIZE, BATCH_WAIT_F = range(9, 16)
PREEMPTIBLE, INTERRUPTED, REROUTE, TARGET_F, STEP_PLACE, HOLDS, ROUTES = range(16, 23)
ROUTE_ATTRIBUTE, ROUTE_VALUES, ROUTE_MODE, ROUTE_UNDER, PLAIN = range(23, 28)
STEP_TAB = 28
RESUME, RESTART, RESAMPLE, REROUTED = range(4)
MODE_ON, MODE_EDGE = 3, 4
MODE_SIZE = 6
GONE, BLOCK = -1, -2  # leaves; waits upstream

# ------------------------------------------------------------------------------------------------------------ sources
SOURCE_TAB, LAYER, INDEX, ANCHOR_F, MASS_F, PIECE, FACTOR_PIECE, SCALE_F, SLOPE_F = range(3, 12)  # member, one a layer
SOURCE_SIZE = 12
APPOINTED, FIRST_STEP, SHARES, RATE_CHANNEL, FACTOR_CHANNEL, DRIVER_CHANNEL, NO_SHOW_F, EARLY_F, SPREAD_F = range(9)
AHEAD_F, SLOTS, SOURCE_N = 9, 10, 11
SOURCE_TABLE = 12
WEEK = 604800.0

# --------------------------------------------------------------------------------------------------------------- laws
FAMILY, SHIFT_F, A_F, B_F, C_F, VALUES = range(6)
LAW = 6

# ------------------------------------------------------------------------------------------------------------ classes
AGEING_F, PREEMPTS, CLASS_PRIORITY_F, UNDER = range(4)  # table
CLASS_SIZE = 4

# ----------------------------------------------------------------------------------------------------- header of tables
(
    T_STEPS, N_STEPS, T_GROUPS, N_GROUPS, N_SUPPLIES, T_SOURCES, N_SOURCES, T_CLASSES, N_CLASSES, N_LISTS, N_UNITS,
    T_TRAITS, N_TRAITS, N_PLACES, T_TARGETS, N_MODES, CYCLES, N_LAYERS, MAKERS, WORK,
    M_CLASSES, M_MODES, M_GROUPS, M_UNITS, M_LISTS, M_STEPS, M_SOURCES, M_WAITS, M_PLACES, M_ENTITIES, FLAT,
) = range(31)  # fmt: skip
TABLES_HEADER = 32

# ------------------------------------------------------------- what is counted, a step and class, a place and class
(
    W_WAITING, W_TOUCHED, W_AREA, W_ARRIVED, W_STARTED, W_WAITED, W_OVER, W_ENDED, W_RENEGED, W_TURNED, W_LAST,
    W_HOLDING,
) = range(12)  # fmt: skip
WAITS = 12
P_PRESENT, P_TOUCHED, P_AREA, P_ENTERED, P_LEFT, P_STAYED, P_OVER, P_UNSEEN = range(8)
PLACES = 8

# -------------------------------------------------------------------------------------------------------- the trace
TRACE_ROW = 5  # time, what, who, where (step, group or supply), which unit (-1 none)
(
    JOINS, STARTS, ENDS, LEAVES, GIVES_UP, TURNED_AWAY, INTERRUPTS, BLOCKS, FAILS_NOW, REPAIRED, CAPACITY, DELIVERED,
    ABSENT, STICKS, ARRIVES,
) = range(15)  # fmt: skip

# ------------------------------------------------------------------------------------------------ what a draw is for
GAP, ACCEPT, SHARE, TRAIT, HOLD, ROUTE, PATIENT, SHOW, PUNCTUAL, LIFE, LEAD_TIME = range(11)
WHAT_BITS, REPEAT_BITS, ROUND_BITS, SUB_BITS = 4, 8, 16, 8
