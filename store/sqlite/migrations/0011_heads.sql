-- Chunks of the tick log may state when they were appended, and which verdict was in force, and
-- may hold no ticks. No table changes: programs that can't read such chunks must not open the
-- store, or they would take them for damaged ones.
SELECT 1;
