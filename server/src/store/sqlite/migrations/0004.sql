-- Marks on a session are still in no index (docs/decisions/0004-marks-without-an-index.md); those on everything else are,
-- on consents too.
DROP INDEX marks_pulled;
CREATE INDEX marks_pulled ON marks (kind, anchor, stamp) WHERE kind <> 3;
