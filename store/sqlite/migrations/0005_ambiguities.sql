-- What the catalogue left open is the document "ambiguities" now: the old rows had no source, time
-- or action. The next replay or decision of a service writes it.
DROP TABLE ambiguities;
