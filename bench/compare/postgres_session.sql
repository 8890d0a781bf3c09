-- bench/compare: what every connection prepares. Parameters of certify: id, due_on, next_at, certified_on, channel,
-- ref.

PREPARE certify (text, date, timestamp, date, text, text) AS
    WITH p AS (
        UPDATE person SET due_on = $2, status = 'a', kind = 1, next_at = $3 WHERE id = $1 RETURNING id, due_on
    ), e AS (
        INSERT INTO event (at, person, type, due_on, certified_on, channel, ref)
        SELECT timestamp '2026-05-20 10:00', id, 'certification.accepted', due_on, $4, $5, $6 FROM p RETURNING 1
    ) SELECT count(*) FROM e;

PREPARE certify_many (text[], date[], timestamp[], date[], text[], text[]) AS
    WITH c AS (
        SELECT * FROM unnest($1, $2, $3, $4, $5, $6) AS c (id, due_on, next_at, certified_on, channel, ref)
    ), p AS (
        UPDATE person SET due_on = c.due_on, status = 'a', kind = 1, next_at = c.next_at FROM c WHERE person.id = c.id
        RETURNING c.*
    ), e AS (
        INSERT INTO event (at, person, type, due_on, certified_on, channel, ref)
        SELECT timestamp '2026-05-20 10:00', id, 'certification.accepted', due_on, certified_on, channel, ref FROM p
        RETURNING 1
    ) SELECT count(*) FROM e;

PREPARE sweep (timestamp) AS
    WITH p AS (
        UPDATE person
        SET kind = kind + 1, next_at = deadline(due_on, kind + 1),
            status = CASE kind WHEN 4 THEN 'g' WHEN 5 THEN 's' ELSE status END
        WHERE next_at <= $1
        RETURNING id, kind - 1 AS kind, due_on
    ), e AS (
        INSERT INTO event (at, person, type, due_on)
        SELECT $1, id, CASE kind WHEN 4 THEN 'grace.started' WHEN 5 THEN 'benefit.suspended' ELSE 'reminder.due' END,
               due_on
        FROM p RETURNING 1
    ) SELECT count(*) FROM e;

PREPARE due_counts (date, date) AS
    SELECT next_at::date, count(*) FROM person WHERE next_at >= $1 AND next_at < $2 + 1 GROUP BY 1 ORDER BY 1;

PREPARE due_ids (date) AS
    SELECT id FROM person WHERE next_at >= $1 AND next_at < $1 + 1;

PREPARE statuses AS
    SELECT count(*) FILTER (WHERE status = 'a'), count(*) FILTER (WHERE status = 'g'),
           count(*) FILTER (WHERE status = 's')
    FROM person;
