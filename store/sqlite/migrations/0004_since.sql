-- When the status of a check became what it is. Wall clock, epoch ms; 0 unknown.
ALTER TABLE production_readiness_matrix ADD COLUMN since INTEGER NOT NULL DEFAULT 0;
