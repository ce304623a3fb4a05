-- inquiries_registered
SELECT
  period.n AS "period",
  CAST(COUNT(*) AS DOUBLE) AS "_value",
  COUNT(*) AS "_numerator",
  NULL AS "_denominator",
  COUNT(*) AS "_counted",
  COUNT(*) AS "_rows"
FROM facts AS f
JOIN (VALUES
  (0, CAST($p0 AS DATE), CAST($p1 AS DATE)),
  (1, CAST($p2 AS DATE), CAST($p3 AS DATE))) AS period(n, since, until)
  ON "f"."submitted_at_day" >= period.since AND "f"."submitted_at_day" < period.until
WHERE
  "f"."submitted_at" <= $p4
GROUP BY
  period.n;
-- p0 = datetime.date(2026, 10, 1)
-- p1 = datetime.date(2026, 11, 1)
-- p2 = datetime.date(2026, 11, 1)
-- p3 = datetime.date(2026, 12, 1)
-- p4 = datetime.datetime(2026, 11, 22, 0, 0)

-- average_response_time
SELECT
  period.n AS "period",
  CAST(SUM("f"."first_response_took") AS DOUBLE) / NULLIF(CAST(COUNT("f"."first_response_took") AS DOUBLE), 0) AS "_value",
  CAST(SUM("f"."first_response_took") AS DOUBLE) AS "_numerator",
  COUNT("f"."first_response_took") AS "_denominator",
  COUNT("f"."first_response_took") AS "_counted",
  COUNT(*) AS "_rows"
FROM facts AS f
JOIN (VALUES
  (0, CAST($p0 AS DATE), CAST($p1 AS DATE)),
  (1, CAST($p2 AS DATE), CAST($p3 AS DATE))) AS period(n, since, until)
  ON "f"."submitted_at_day" >= period.since AND "f"."submitted_at_day" < period.until
WHERE
  (
    COALESCE("f"."status" IN ($p4), FALSE)
  ) AND "f"."submitted_at" <= $p5
GROUP BY
  period.n;
-- p0 = datetime.date(2026, 10, 1)
-- p1 = datetime.date(2026, 11, 1)
-- p2 = datetime.date(2026, 11, 1)
-- p3 = datetime.date(2026, 12, 1)
-- p4 = 'closed'
-- p5 = datetime.datetime(2026, 11, 22, 0, 0)

-- never_accepted
SELECT
  period.n AS "period",
  CAST(COUNT(*) FILTER(WHERE
    NOT (
      NOT "f"."first_response_took" IS NULL
    )) AS DOUBLE) AS "_value",
  COUNT(*) FILTER(WHERE
    NOT (
      NOT "f"."first_response_took" IS NULL
    )) AS "_numerator",
  NULL AS "_denominator",
  COUNT(*) FILTER(WHERE
    NOT (
      NOT "f"."first_response_took" IS NULL
    )) AS "_counted",
  COUNT(*) AS "_rows"
FROM facts AS f
JOIN (VALUES
  (0, CAST($p0 AS DATE), CAST($p1 AS DATE)),
  (1, CAST($p2 AS DATE), CAST($p3 AS DATE))) AS period(n, since, until)
  ON "f"."submitted_at_day" >= period.since AND "f"."submitted_at_day" < period.until
WHERE
  (
    COALESCE("f"."status" IN ($p4), FALSE)
  ) AND "f"."submitted_at" <= $p5
GROUP BY
  period.n;
-- p0 = datetime.date(2026, 10, 1)
-- p1 = datetime.date(2026, 11, 1)
-- p2 = datetime.date(2026, 11, 1)
-- p3 = datetime.date(2026, 12, 1)
-- p4 = 'closed'
-- p5 = datetime.datetime(2026, 11, 22, 0, 0)

-- first_response_on_time
SELECT
  period.n AS "period",
  CAST(COUNT(*) FILTER(WHERE
    (
      COALESCE("f"."first_response_met" IN ($p4), FALSE)
    )) AS DOUBLE) / NULLIF(
    CAST(COUNT(*) FILTER(WHERE
      (
        NOT "f"."first_response_took" IS NULL
      )) AS DOUBLE),
    0
  ) AS "_value",
  COUNT(*) FILTER(WHERE
    (
      COALESCE("f"."first_response_met" IN ($p4), FALSE)
    )) AS "_numerator",
  COUNT(*) FILTER(WHERE
    (
      NOT "f"."first_response_took" IS NULL
    )) AS "_denominator",
  COUNT(*) FILTER(WHERE
    (
      NOT "f"."first_response_took" IS NULL
    )) AS "_counted",
  COUNT(*) AS "_rows"
FROM facts AS f
JOIN (VALUES
  (0, CAST($p0 AS DATE), CAST($p1 AS DATE)),
  (1, CAST($p2 AS DATE), CAST($p3 AS DATE))) AS period(n, since, until)
  ON "f"."submitted_at_day" >= period.since AND "f"."submitted_at_day" < period.until
WHERE
  "f"."submitted_at" <= $p5
GROUP BY
  period.n;
-- p0 = datetime.date(2026, 10, 1)
-- p1 = datetime.date(2026, 11, 1)
-- p2 = datetime.date(2026, 11, 1)
-- p3 = datetime.date(2026, 12, 1)
-- p4 = True
-- p5 = datetime.datetime(2026, 11, 22, 0, 0)

-- waiting_share
SELECT
  period.n AS "period",
  CAST(SUM("f"."waiting_took") AS DOUBLE) / NULLIF(CAST(SUM("f"."resolution_took") AS DOUBLE), 0) AS "_value",
  CAST(SUM("f"."waiting_took") AS DOUBLE) AS "_numerator",
  CAST(SUM("f"."resolution_took") AS DOUBLE) AS "_denominator",
  COUNT("f"."resolution_took") AS "_counted",
  COUNT(*) AS "_rows"
FROM facts AS f
JOIN (VALUES
  (0, CAST($p0 AS DATE), CAST($p1 AS DATE)),
  (1, CAST($p2 AS DATE), CAST($p3 AS DATE))) AS period(n, since, until)
  ON "f"."submitted_at_day" >= period.since AND "f"."submitted_at_day" < period.until
WHERE
  "f"."submitted_at" <= $p4
GROUP BY
  period.n;
-- p0 = datetime.date(2026, 10, 1)
-- p1 = datetime.date(2026, 11, 1)
-- p2 = datetime.date(2026, 11, 1)
-- p3 = datetime.date(2026, 12, 1)
-- p4 = datetime.datetime(2026, 11, 22, 0, 0)

-- mean_time_to_resolve
SELECT
  period.n AS "period",
  CAST(SUM("f"."resolution_took") AS DOUBLE) / NULLIF(CAST(COUNT("f"."resolution_took") AS DOUBLE), 0) AS "_value",
  CAST(SUM("f"."resolution_took") AS DOUBLE) AS "_numerator",
  COUNT("f"."resolution_took") AS "_denominator",
  COUNT("f"."resolution_took") AS "_counted",
  COUNT(*) AS "_rows"
FROM facts AS f
JOIN (VALUES
  (0, CAST($p0 AS DATE), CAST($p1 AS DATE)),
  (1, CAST($p2 AS DATE), CAST($p3 AS DATE))) AS period(n, since, until)
  ON "f"."submitted_at_day" >= period.since AND "f"."submitted_at_day" < period.until
WHERE
  "f"."submitted_at" <= $p4
GROUP BY
  period.n;
-- p0 = datetime.date(2026, 10, 1)
-- p1 = datetime.date(2026, 11, 1)
-- p2 = datetime.date(2026, 11, 1)
-- p3 = datetime.date(2026, 12, 1)
-- p4 = datetime.datetime(2026, 11, 22, 0, 0)

-- resolution_rate
SELECT
  period.n AS "period",
  CAST(COUNT(*) FILTER(WHERE
    (
      COALESCE("f"."status" IN ($p4), FALSE)
    )
    AND (
      COALESCE("f"."solved_at_desk" IN ($p5), FALSE)
    )) AS DOUBLE) / NULLIF(CAST(COUNT(*) AS DOUBLE), 0) AS "_value",
  COUNT(*) FILTER(WHERE
    (
      COALESCE("f"."status" IN ($p4), FALSE)
    )
    AND (
      COALESCE("f"."solved_at_desk" IN ($p5), FALSE)
    )) AS "_numerator",
  COUNT(*) AS "_denominator",
  COUNT(*) AS "_counted",
  COUNT(*) AS "_rows"
FROM facts AS f
JOIN (VALUES
  (0, CAST($p0 AS DATE), CAST($p1 AS DATE)),
  (1, CAST($p2 AS DATE), CAST($p3 AS DATE))) AS period(n, since, until)
  ON "f"."submitted_at_day" >= period.since AND "f"."submitted_at_day" < period.until
WHERE
  "f"."submitted_at" <= $p6
GROUP BY
  period.n;
-- p0 = datetime.date(2026, 10, 1)
-- p1 = datetime.date(2026, 11, 1)
-- p2 = datetime.date(2026, 11, 1)
-- p3 = datetime.date(2026, 12, 1)
-- p4 = 'closed'
-- p5 = True
-- p6 = datetime.datetime(2026, 11, 22, 0, 0)

-- abandonment_rate
SELECT
  period.n AS "period",
  CAST(COUNT(*) FILTER(WHERE
    (
      COALESCE("f"."answered" IN ($p4), FALSE)
    )
    AND COALESCE("f"."ring_time" > $p5, FALSE)) AS DOUBLE) / NULLIF(CAST(COUNT(*) AS DOUBLE), 0) AS "_value",
  COUNT(*) FILTER(WHERE
    (
      COALESCE("f"."answered" IN ($p4), FALSE)
    )
    AND COALESCE("f"."ring_time" > $p5, FALSE)) AS "_numerator",
  COUNT(*) AS "_denominator",
  COUNT(*) AS "_counted",
  COUNT(*) AS "_rows"
FROM facts AS f
JOIN (VALUES
  (0, CAST($p0 AS DATE), CAST($p1 AS DATE)),
  (1, CAST($p2 AS DATE), CAST($p3 AS DATE))) AS period(n, since, until)
  ON "f"."contact_at_day" >= period.since AND "f"."contact_at_day" < period.until
WHERE
  (
    NOT "f"."ring_time" IS NULL
  ) AND "f"."contact_at" <= $p6
GROUP BY
  period.n;
-- p0 = datetime.date(2026, 10, 1)
-- p1 = datetime.date(2026, 11, 1)
-- p2 = datetime.date(2026, 11, 1)
-- p3 = datetime.date(2026, 12, 1)
-- p4 = False
-- p5 = 25
-- p6 = datetime.datetime(2026, 11, 22, 0, 0)

-- satisfied_share
SELECT
  period.n AS "period",
  CAST(COUNT(*) FILTER(WHERE
    (
      COALESCE("f"."user_satisfaction" IN ($p4), FALSE)
    )) AS DOUBLE) / NULLIF(
    CAST(COUNT(*) FILTER(WHERE
      (
        NOT "f"."user_satisfaction" IS NULL AND "f"."user_satisfaction" <> $p5
      )) AS DOUBLE),
    0
  ) AS "_value",
  COUNT(*) FILTER(WHERE
    (
      COALESCE("f"."user_satisfaction" IN ($p4), FALSE)
    )) AS "_numerator",
  COUNT(*) FILTER(WHERE
    (
      NOT "f"."user_satisfaction" IS NULL AND "f"."user_satisfaction" <> $p5
    )) AS "_denominator",
  COUNT(*) FILTER(WHERE
    (
      NOT "f"."user_satisfaction" IS NULL AND "f"."user_satisfaction" <> $p5
    )) AS "_counted",
  COUNT(*) AS "_rows"
FROM facts AS f
JOIN (VALUES
  (0, CAST($p0 AS DATE), CAST($p1 AS DATE)),
  (1, CAST($p2 AS DATE), CAST($p3 AS DATE))) AS period(n, since, until)
  ON "f"."submitted_at_day" >= period.since AND "f"."submitted_at_day" < period.until
WHERE
  "f"."submitted_at" <= $p6
GROUP BY
  period.n;
-- p0 = datetime.date(2026, 10, 1)
-- p1 = datetime.date(2026, 11, 1)
-- p2 = datetime.date(2026, 11, 1)
-- p3 = datetime.date(2026, 12, 1)
-- p4 = 'satisfied'
-- p5 = ''
-- p6 = datetime.datetime(2026, 11, 22, 0, 0)

-- information_quality
SELECT
  period.n AS "period",
  CAST(COUNT(*) FILTER(WHERE
    (
      COALESCE("f"."title_filled" IN ($p4), FALSE)
    )
    AND (
      COALESCE("f"."symptom_filled" IN ($p5), FALSE)
    )) + COUNT(*) FILTER(WHERE
    (
      NOT "f"."user" IS NULL AND "f"."user" <> $p6
    )
    AND (
      NOT "f"."channel" IS NULL AND "f"."channel" <> $p7
    )) + COUNT(*) FILTER(WHERE
    (
      COALESCE("f"."email_filled" IN ($p8), FALSE)
    )
    OR (
      COALESCE("f"."contact_phone_filled" IN ($p9), FALSE)
    )) + COUNT(*) FILTER(WHERE
    (
      COALESCE("f"."first_response_met" IN ($p10), FALSE)
    )) + COUNT(*) FILTER(WHERE
    NOT (
      (
        COALESCE("f"."returned" IN ($p11), FALSE)
      )
      OR (
        COALESCE("f"."misclassified" IN ($p12), FALSE)
      )
      OR (
        COALESCE("f"."reclassified" IN ($p13), FALSE)
      )
    )) + COUNT(*) FILTER(WHERE
    (
      NOT "f"."service_item" IS NULL AND "f"."service_item" <> $p14
    )
    OR (
      NOT "f"."classification" IS NULL AND "f"."classification" <> $p15
    )) + COUNT(*) FILTER(WHERE
    (
      NOT "f"."occurred_at" IS NULL
    )
    OR (
      NOT "f"."systems_concerned" IS NULL AND "f"."systems_concerned" <> $p16
    )
    OR (
      NOT "f"."system_module" IS NULL AND "f"."system_module" <> $p17
    )) + COUNT(*) FILTER(WHERE
    (
      NOT "f"."stream" IS NULL AND "f"."stream" <> $p18
    )
    AND (
      NOT "f"."problem_category" IS NULL AND "f"."problem_category" <> $p19
    )
    AND (
      COALESCE("f"."solution_filled" IN ($p20), FALSE)
    )) AS DOUBLE) / NULLIF(CAST(COUNT(*) * 8 AS DOUBLE), 0) AS "_value",
  COUNT(*) FILTER(WHERE
    (
      COALESCE("f"."title_filled" IN ($p4), FALSE)
    )
    AND (
      COALESCE("f"."symptom_filled" IN ($p5), FALSE)
    )) + COUNT(*) FILTER(WHERE
    (
      NOT "f"."user" IS NULL AND "f"."user" <> $p6
    )
    AND (
      NOT "f"."channel" IS NULL AND "f"."channel" <> $p7
    )) + COUNT(*) FILTER(WHERE
    (
      COALESCE("f"."email_filled" IN ($p8), FALSE)
    )
    OR (
      COALESCE("f"."contact_phone_filled" IN ($p9), FALSE)
    )) + COUNT(*) FILTER(WHERE
    (
      COALESCE("f"."first_response_met" IN ($p10), FALSE)
    )) + COUNT(*) FILTER(WHERE
    NOT (
      (
        COALESCE("f"."returned" IN ($p11), FALSE)
      )
      OR (
        COALESCE("f"."misclassified" IN ($p12), FALSE)
      )
      OR (
        COALESCE("f"."reclassified" IN ($p13), FALSE)
      )
    )) + COUNT(*) FILTER(WHERE
    (
      NOT "f"."service_item" IS NULL AND "f"."service_item" <> $p14
    )
    OR (
      NOT "f"."classification" IS NULL AND "f"."classification" <> $p15
    )) + COUNT(*) FILTER(WHERE
    (
      NOT "f"."occurred_at" IS NULL
    )
    OR (
      NOT "f"."systems_concerned" IS NULL AND "f"."systems_concerned" <> $p16
    )
    OR (
      NOT "f"."system_module" IS NULL AND "f"."system_module" <> $p17
    )) + COUNT(*) FILTER(WHERE
    (
      NOT "f"."stream" IS NULL AND "f"."stream" <> $p18
    )
    AND (
      NOT "f"."problem_category" IS NULL AND "f"."problem_category" <> $p19
    )
    AND (
      COALESCE("f"."solution_filled" IN ($p20), FALSE)
    )) AS "_numerator",
  COUNT(*) * 8 AS "_denominator",
  COUNT(*) AS "_counted",
  COUNT(*) AS "_rows",
  COUNT(*) FILTER(WHERE
    (
      COALESCE("f"."title_filled" IN ($p21), FALSE)
    )
    AND (
      COALESCE("f"."symptom_filled" IN ($p22), FALSE)
    )) AS "_part0",
  COUNT(*) FILTER(WHERE
    (
      NOT "f"."user" IS NULL AND "f"."user" <> $p23
    )
    AND (
      NOT "f"."channel" IS NULL AND "f"."channel" <> $p24
    )) AS "_part1",
  COUNT(*) FILTER(WHERE
    (
      COALESCE("f"."email_filled" IN ($p25), FALSE)
    )
    OR (
      COALESCE("f"."contact_phone_filled" IN ($p26), FALSE)
    )) AS "_part2",
  COUNT(*) FILTER(WHERE
    (
      COALESCE("f"."first_response_met" IN ($p27), FALSE)
    )) AS "_part3",
  COUNT(*) FILTER(WHERE
    NOT (
      (
        COALESCE("f"."returned" IN ($p28), FALSE)
      )
      OR (
        COALESCE("f"."misclassified" IN ($p29), FALSE)
      )
      OR (
        COALESCE("f"."reclassified" IN ($p30), FALSE)
      )
    )) AS "_part4",
  COUNT(*) FILTER(WHERE
    (
      NOT "f"."service_item" IS NULL AND "f"."service_item" <> $p31
    )
    OR (
      NOT "f"."classification" IS NULL AND "f"."classification" <> $p32
    )) AS "_part5",
  COUNT(*) FILTER(WHERE
    (
      NOT "f"."occurred_at" IS NULL
    )
    OR (
      NOT "f"."systems_concerned" IS NULL AND "f"."systems_concerned" <> $p33
    )
    OR (
      NOT "f"."system_module" IS NULL AND "f"."system_module" <> $p34
    )) AS "_part6",
  COUNT(*) FILTER(WHERE
    (
      NOT "f"."stream" IS NULL AND "f"."stream" <> $p35
    )
    AND (
      NOT "f"."problem_category" IS NULL AND "f"."problem_category" <> $p36
    )
    AND (
      COALESCE("f"."solution_filled" IN ($p37), FALSE)
    )) AS "_part7"
FROM facts AS f
JOIN (VALUES
  (0, CAST($p0 AS DATE), CAST($p1 AS DATE)),
  (1, CAST($p2 AS DATE), CAST($p3 AS DATE))) AS period(n, since, until)
  ON "f"."submitted_at_day" >= period.since AND "f"."submitted_at_day" < period.until
WHERE
  (
    COALESCE("f"."status" IN ($p38, $p39), FALSE)
  )
  AND "f"."submitted_at" <= $p40
GROUP BY
  period.n;
-- p0 = datetime.date(2026, 10, 1)
-- p1 = datetime.date(2026, 11, 1)
-- p2 = datetime.date(2026, 11, 1)
-- p3 = datetime.date(2026, 12, 1)
-- p4 = True
-- p5 = True
-- p6 = ''
-- p7 = ''
-- p8 = True
-- p9 = True
-- p10 = True
-- p11 = True
-- p12 = True
-- p13 = True
-- p14 = ''
-- p15 = ''
-- p16 = ''
-- p17 = ''
-- p18 = ''
-- p19 = ''
-- p20 = True
-- p21 = True
-- p22 = True
-- p23 = ''
-- p24 = ''
-- p25 = True
-- p26 = True
-- p27 = True
-- p28 = True
-- p29 = True
-- p30 = True
-- p31 = ''
-- p32 = ''
-- p33 = ''
-- p34 = ''
-- p35 = ''
-- p36 = ''
-- p37 = True
-- p38 = 'resolved'
-- p39 = 'closed'
-- p40 = datetime.datetime(2026, 11, 22, 0, 0)

-- channel_convenience
SELECT
  period.n AS "period",
  CAST(SUM("f"."convenience") AS DOUBLE) / NULLIF(CAST(COUNT("f"."convenience") AS DOUBLE), 0) AS "_value",
  CAST(SUM("f"."convenience") AS DOUBLE) AS "_numerator",
  COUNT("f"."convenience") AS "_denominator",
  COUNT("f"."convenience") AS "_counted",
  COUNT(*) AS "_rows"
FROM facts AS f
JOIN (VALUES
  (0, CAST($p0 AS DATE), CAST($p1 AS DATE)),
  (1, CAST($p2 AS DATE), CAST($p3 AS DATE))) AS period(n, since, until)
  ON COALESCE("f"."rated_on" < period.until, TRUE)
WHERE
  COALESCE("f"."rated_on" <= $p4, TRUE)
GROUP BY
  period.n;
-- p0 = datetime.date(2026, 10, 1)
-- p1 = datetime.date(2026, 11, 1)
-- p2 = datetime.date(2026, 11, 1)
-- p3 = datetime.date(2026, 12, 1)
-- p4 = datetime.date(2026, 11, 22)

-- stakeholder_information_quality
SELECT
  period.n AS "period",
  CAST(COUNT(*) FILTER(WHERE
    (
      COALESCE("f"."rating" IN ($p4), FALSE)
    )) AS DOUBLE) / NULLIF(
    CAST(COUNT(*) FILTER(WHERE
      (
        NOT "f"."rating" IS NULL AND "f"."rating" <> $p5
      )) AS DOUBLE),
    0
  ) AS "_value",
  COUNT(*) FILTER(WHERE
    (
      COALESCE("f"."rating" IN ($p4), FALSE)
    )) AS "_numerator",
  COUNT(*) FILTER(WHERE
    (
      NOT "f"."rating" IS NULL AND "f"."rating" <> $p5
    )) AS "_denominator",
  COUNT(*) FILTER(WHERE
    (
      NOT "f"."rating" IS NULL AND "f"."rating" <> $p5
    )) AS "_counted",
  COUNT(*) AS "_rows"
FROM facts AS f
JOIN (VALUES
  (0, CAST($p0 AS DATE), CAST($p1 AS DATE)),
  (1, CAST($p2 AS DATE), CAST($p3 AS DATE))) AS period(n, since, until)
  ON "f"."answered_at_day" >= period.since AND "f"."answered_at_day" < period.until
WHERE
  (
    COALESCE("f"."question" IN ($p6), FALSE)
  ) AND "f"."answered_at" <= $p7
GROUP BY
  period.n;
-- p0 = datetime.date(2026, 10, 1)
-- p1 = datetime.date(2026, 11, 1)
-- p2 = datetime.date(2026, 11, 1)
-- p3 = datetime.date(2026, 12, 1)
-- p4 = 'satisfied'
-- p5 = ''
-- p6 = 'information_quality'
-- p7 = datetime.datetime(2026, 11, 22, 0, 0)

-- stakeholder_channel_convenience
SELECT
  period.n AS "period",
  CAST(COUNT(*) FILTER(WHERE
    (
      COALESCE("f"."rating" IN ($p4), FALSE)
    )) AS DOUBLE) / NULLIF(
    CAST(COUNT(*) FILTER(WHERE
      (
        NOT "f"."rating" IS NULL AND "f"."rating" <> $p5
      )) AS DOUBLE),
    0
  ) AS "_value",
  COUNT(*) FILTER(WHERE
    (
      COALESCE("f"."rating" IN ($p4), FALSE)
    )) AS "_numerator",
  COUNT(*) FILTER(WHERE
    (
      NOT "f"."rating" IS NULL AND "f"."rating" <> $p5
    )) AS "_denominator",
  COUNT(*) FILTER(WHERE
    (
      NOT "f"."rating" IS NULL AND "f"."rating" <> $p5
    )) AS "_counted",
  COUNT(*) AS "_rows"
FROM facts AS f
JOIN (VALUES
  (0, CAST($p0 AS DATE), CAST($p1 AS DATE)),
  (1, CAST($p2 AS DATE), CAST($p3 AS DATE))) AS period(n, since, until)
  ON "f"."answered_at_day" >= period.since AND "f"."answered_at_day" < period.until
WHERE
  (
    COALESCE("f"."question" IN ($p6), FALSE)
  ) AND "f"."answered_at" <= $p7
GROUP BY
  period.n;
-- p0 = datetime.date(2026, 10, 1)
-- p1 = datetime.date(2026, 11, 1)
-- p2 = datetime.date(2026, 11, 1)
-- p3 = datetime.date(2026, 12, 1)
-- p4 = 'satisfied'
-- p5 = ''
-- p6 = 'channel_convenience'
-- p7 = datetime.datetime(2026, 11, 22, 0, 0)

-- total_demand
SELECT
  period.n AS "period",
  CAST(COUNT(*) AS DOUBLE) AS "_value",
  COUNT(*) AS "_numerator",
  NULL AS "_denominator",
  COUNT(*) AS "_counted",
  COUNT(*) AS "_rows"
FROM facts AS f
JOIN (VALUES
  (0, CAST($p0 AS DATE), CAST($p1 AS DATE)),
  (1, CAST($p2 AS DATE), CAST($p3 AS DATE))) AS period(n, since, until)
  ON "f"."contact_at_day" >= period.since AND "f"."contact_at_day" < period.until
WHERE
  "f"."contact_at" <= $p4
GROUP BY
  period.n;
-- p0 = datetime.date(2026, 10, 1)
-- p1 = datetime.date(2026, 11, 1)
-- p2 = datetime.date(2026, 11, 1)
-- p3 = datetime.date(2026, 12, 1)
-- p4 = datetime.datetime(2026, 11, 22, 0, 0)

-- unresolved_share
SELECT
  period.n AS "period",
  CAST(COUNT(*) FILTER(WHERE
    NOT (
      (
        COALESCE("f"."resolved" IN ($p4), FALSE)
      )
    )) AS DOUBLE) / NULLIF(CAST(COUNT(*) AS DOUBLE), 0) AS "_value",
  COUNT(*) FILTER(WHERE
    NOT (
      (
        COALESCE("f"."resolved" IN ($p4), FALSE)
      )
    )) AS "_numerator",
  COUNT(*) AS "_denominator",
  COUNT(*) AS "_counted",
  COUNT(*) AS "_rows"
FROM facts AS f
JOIN (VALUES
  (0, CAST($p0 AS DATE), CAST($p1 AS DATE)),
  (1, CAST($p2 AS DATE), CAST($p3 AS DATE))) AS period(n, since, until)
  ON "f"."contact_at_day" >= period.since AND "f"."contact_at_day" < period.until
WHERE
  "f"."contact_at" <= $p5
GROUP BY
  period.n;
-- p0 = datetime.date(2026, 10, 1)
-- p1 = datetime.date(2026, 11, 1)
-- p2 = datetime.date(2026, 11, 1)
-- p3 = datetime.date(2026, 12, 1)
-- p4 = True
-- p5 = datetime.datetime(2026, 11, 22, 0, 0)

-- recording_rate
SELECT
  period.n AS "period",
  CAST(COUNT(*) FILTER(WHERE
    (
      NOT "f"."talk_time" IS NULL
    )
    AND (
      COALESCE("f"."content_filled" IN ($p4), FALSE)
    )) AS DOUBLE) / NULLIF(CAST(COUNT(*) AS DOUBLE), 0) AS "_value",
  COUNT(*) FILTER(WHERE
    (
      NOT "f"."talk_time" IS NULL
    )
    AND (
      COALESCE("f"."content_filled" IN ($p4), FALSE)
    )) AS "_numerator",
  COUNT(*) AS "_denominator",
  COUNT(*) AS "_counted",
  COUNT(*) AS "_rows",
  COUNT(*) FILTER(WHERE
    (
      NOT "f"."talk_time" IS NULL
    )) AS "_part0",
  COUNT(*) FILTER(WHERE
    (
      COALESCE("f"."content_filled" IN ($p5), FALSE)
    )) AS "_part1"
FROM facts AS f
JOIN (VALUES
  (0, CAST($p0 AS DATE), CAST($p1 AS DATE)),
  (1, CAST($p2 AS DATE), CAST($p3 AS DATE))) AS period(n, since, until)
  ON "f"."contact_at_day" >= period.since AND "f"."contact_at_day" < period.until
WHERE
  (
    COALESCE("f"."answered" IN ($p6), FALSE)
  ) AND "f"."contact_at" <= $p7
GROUP BY
  period.n;
-- p0 = datetime.date(2026, 10, 1)
-- p1 = datetime.date(2026, 11, 1)
-- p2 = datetime.date(2026, 11, 1)
-- p3 = datetime.date(2026, 12, 1)
-- p4 = True
-- p5 = True
-- p6 = True
-- p7 = datetime.datetime(2026, 11, 22, 0, 0)

-- desk_index: made of satisfied_share, information_quality, first_response_on_time, waiting_share, resolution_rate, abandonment_rate, misclassified_share, information_received

-- misclassified_count
SELECT
  period.n AS "period",
  CAST(COUNT(*) FILTER(WHERE
    (
      COALESCE("f"."returned" IN ($p4), FALSE)
    )
    OR (
      COALESCE("f"."misclassified" IN ($p5), FALSE)
    )
    OR (
      COALESCE("f"."reclassified" IN ($p6), FALSE)
    )) AS DOUBLE) AS "_value",
  COUNT(*) FILTER(WHERE
    (
      COALESCE("f"."returned" IN ($p4), FALSE)
    )
    OR (
      COALESCE("f"."misclassified" IN ($p5), FALSE)
    )
    OR (
      COALESCE("f"."reclassified" IN ($p6), FALSE)
    )) AS "_numerator",
  NULL AS "_denominator",
  COUNT(*) FILTER(WHERE
    (
      COALESCE("f"."returned" IN ($p4), FALSE)
    )
    OR (
      COALESCE("f"."misclassified" IN ($p5), FALSE)
    )
    OR (
      COALESCE("f"."reclassified" IN ($p6), FALSE)
    )) AS "_counted",
  COUNT(*) AS "_rows"
FROM facts AS f
JOIN (VALUES
  (0, CAST($p0 AS DATE), CAST($p1 AS DATE)),
  (1, CAST($p2 AS DATE), CAST($p3 AS DATE))) AS period(n, since, until)
  ON "f"."submitted_at_day" >= period.since AND "f"."submitted_at_day" < period.until
WHERE
  "f"."submitted_at" <= $p7
GROUP BY
  period.n;
-- p0 = datetime.date(2026, 10, 1)
-- p1 = datetime.date(2026, 11, 1)
-- p2 = datetime.date(2026, 11, 1)
-- p3 = datetime.date(2026, 12, 1)
-- p4 = True
-- p5 = True
-- p6 = True
-- p7 = datetime.datetime(2026, 11, 22, 0, 0)

-- misclassified_share
SELECT
  period.n AS "period",
  CAST(COUNT(*) FILTER(WHERE
    (
      COALESCE("f"."returned" IN ($p4), FALSE)
    )
    OR (
      COALESCE("f"."misclassified" IN ($p5), FALSE)
    )
    OR (
      COALESCE("f"."reclassified" IN ($p6), FALSE)
    )) AS DOUBLE) / NULLIF(CAST(COUNT(*) AS DOUBLE), 0) AS "_value",
  COUNT(*) FILTER(WHERE
    (
      COALESCE("f"."returned" IN ($p4), FALSE)
    )
    OR (
      COALESCE("f"."misclassified" IN ($p5), FALSE)
    )
    OR (
      COALESCE("f"."reclassified" IN ($p6), FALSE)
    )) AS "_numerator",
  COUNT(*) AS "_denominator",
  COUNT(*) AS "_counted",
  COUNT(*) AS "_rows"
FROM facts AS f
JOIN (VALUES
  (0, CAST($p0 AS DATE), CAST($p1 AS DATE)),
  (1, CAST($p2 AS DATE), CAST($p3 AS DATE))) AS period(n, since, until)
  ON "f"."submitted_at_day" >= period.since AND "f"."submitted_at_day" < period.until
WHERE
  "f"."submitted_at" <= $p7
GROUP BY
  period.n;
-- p0 = datetime.date(2026, 10, 1)
-- p1 = datetime.date(2026, 11, 1)
-- p2 = datetime.date(2026, 11, 1)
-- p3 = datetime.date(2026, 12, 1)
-- p4 = True
-- p5 = True
-- p6 = True
-- p7 = datetime.datetime(2026, 11, 22, 0, 0)

-- information_received
SELECT
  period.n AS "period",
  CAST(COUNT(*) FILTER(WHERE
    (
      NOT (
        COALESCE("f"."stream" IN ($p4), FALSE)
      )
      OR (
        (
          COALESCE("f"."symptom_filled" IN ($p5), FALSE)
        )
        AND (
          NOT "f"."occurred_at" IS NULL
        )
        AND (
          COALESCE("f"."scope_of_impact_filled" IN ($p6), FALSE)
        )
        AND (
          (
            NOT "f"."systems_concerned" IS NULL AND "f"."systems_concerned" <> $p7
          )
          OR (
            NOT "f"."system_module" IS NULL AND "f"."system_module" <> $p8
          )
        )
      )
    )
    AND (
      NOT (
        COALESCE("f"."stream" IN ($p9), FALSE)
      )
      OR (
        (
          NOT "f"."service_item" IS NULL AND "f"."service_item" <> $p10
        )
        AND (
          NOT "f"."user" IS NULL AND "f"."user" <> $p11
        )
      )
    )
    AND (
      NOT (
        COALESCE("f"."stream" IN ($p12), FALSE)
      )
      OR (
        COALESCE("f"."symptom_filled" IN ($p13), FALSE)
      )
      OR (
        COALESCE("f"."title_filled" IN ($p14), FALSE)
      )
    )
    AND (
      NOT (
        COALESCE("f"."stream" IN ($p15), FALSE)
      )
      OR (
        (
          COALESCE("f"."symptom_filled" IN ($p16), FALSE)
        )
        AND (
          (
            COALESCE("f"."related_incident_filled" IN ($p17), FALSE)
          )
          OR (
            COALESCE("f"."configuration_item_filled" IN ($p18), FALSE)
          )
        )
      )
    )
    AND (
      NOT (
        COALESCE("f"."stream" IN ($p19, $p20), FALSE)
      )
      OR (
        (
          NOT "f"."user" IS NULL AND "f"."user" <> $p21
        )
        AND (
          (
            COALESCE("f"."symptom_filled" IN ($p22), FALSE)
          )
          OR (
            COALESCE("f"."title_filled" IN ($p23), FALSE)
          )
        )
      )
    )) AS DOUBLE) / NULLIF(CAST(COUNT(*) AS DOUBLE), 0) AS "_value",
  COUNT(*) FILTER(WHERE
    (
      NOT (
        COALESCE("f"."stream" IN ($p4), FALSE)
      )
      OR (
        (
          COALESCE("f"."symptom_filled" IN ($p5), FALSE)
        )
        AND (
          NOT "f"."occurred_at" IS NULL
        )
        AND (
          COALESCE("f"."scope_of_impact_filled" IN ($p6), FALSE)
        )
        AND (
          (
            NOT "f"."systems_concerned" IS NULL AND "f"."systems_concerned" <> $p7
          )
          OR (
            NOT "f"."system_module" IS NULL AND "f"."system_module" <> $p8
          )
        )
      )
    )
    AND (
      NOT (
        COALESCE("f"."stream" IN ($p9), FALSE)
      )
      OR (
        (
          NOT "f"."service_item" IS NULL AND "f"."service_item" <> $p10
        )
        AND (
          NOT "f"."user" IS NULL AND "f"."user" <> $p11
        )
      )
    )
    AND (
      NOT (
        COALESCE("f"."stream" IN ($p12), FALSE)
      )
      OR (
        COALESCE("f"."symptom_filled" IN ($p13), FALSE)
      )
      OR (
        COALESCE("f"."title_filled" IN ($p14), FALSE)
      )
    )
    AND (
      NOT (
        COALESCE("f"."stream" IN ($p15), FALSE)
      )
      OR (
        (
          COALESCE("f"."symptom_filled" IN ($p16), FALSE)
        )
        AND (
          (
            COALESCE("f"."related_incident_filled" IN ($p17), FALSE)
          )
          OR (
            COALESCE("f"."configuration_item_filled" IN ($p18), FALSE)
          )
        )
      )
    )
    AND (
      NOT (
        COALESCE("f"."stream" IN ($p19, $p20), FALSE)
      )
      OR (
        (
          NOT "f"."user" IS NULL AND "f"."user" <> $p21
        )
        AND (
          (
            COALESCE("f"."symptom_filled" IN ($p22), FALSE)
          )
          OR (
            COALESCE("f"."title_filled" IN ($p23), FALSE)
          )
        )
      )
    )) AS "_numerator",
  COUNT(*) AS "_denominator",
  COUNT(*) AS "_counted",
  COUNT(*) AS "_rows",
  COUNT(*) FILTER(WHERE
    NOT (
      COALESCE("f"."stream" IN ($p24), FALSE)
    )
    OR (
      (
        COALESCE("f"."symptom_filled" IN ($p25), FALSE)
      )
      AND (
        NOT "f"."occurred_at" IS NULL
      )
      AND (
        COALESCE("f"."scope_of_impact_filled" IN ($p26), FALSE)
      )
      AND (
        (
          NOT "f"."systems_concerned" IS NULL AND "f"."systems_concerned" <> $p27
        )
        OR (
          NOT "f"."system_module" IS NULL AND "f"."system_module" <> $p28
        )
      )
    )) AS "_part0",
  COUNT(*) FILTER(WHERE
    NOT (
      COALESCE("f"."stream" IN ($p29), FALSE)
    )
    OR (
      (
        NOT "f"."service_item" IS NULL AND "f"."service_item" <> $p30
      )
      AND (
        NOT "f"."user" IS NULL AND "f"."user" <> $p31
      )
    )) AS "_part1",
  COUNT(*) FILTER(WHERE
    NOT (
      COALESCE("f"."stream" IN ($p32), FALSE)
    )
    OR (
      COALESCE("f"."symptom_filled" IN ($p33), FALSE)
    )
    OR (
      COALESCE("f"."title_filled" IN ($p34), FALSE)
    )) AS "_part2",
  COUNT(*) FILTER(WHERE
    NOT (
      COALESCE("f"."stream" IN ($p35), FALSE)
    )
    OR (
      (
        COALESCE("f"."symptom_filled" IN ($p36), FALSE)
      )
      AND (
        (
          COALESCE("f"."related_incident_filled" IN ($p37), FALSE)
        )
        OR (
          COALESCE("f"."configuration_item_filled" IN ($p38), FALSE)
        )
      )
    )) AS "_part3",
  COUNT(*) FILTER(WHERE
    NOT (
      COALESCE("f"."stream" IN ($p39, $p40), FALSE)
    )
    OR (
      (
        NOT "f"."user" IS NULL AND "f"."user" <> $p41
      )
      AND (
        (
          COALESCE("f"."symptom_filled" IN ($p42), FALSE)
        )
        OR (
          COALESCE("f"."title_filled" IN ($p43), FALSE)
        )
      )
    )) AS "_part4"
FROM facts AS f
JOIN (VALUES
  (0, CAST($p0 AS DATE), CAST($p1 AS DATE)),
  (1, CAST($p2 AS DATE), CAST($p3 AS DATE))) AS period(n, since, until)
  ON "f"."submitted_at_day" >= period.since AND "f"."submitted_at_day" < period.until
WHERE
  (
    NOT "f"."stream" IS NULL AND "f"."stream" <> $p44
  )
  AND "f"."submitted_at" <= $p45
GROUP BY
  period.n;
-- p0 = datetime.date(2026, 10, 1)
-- p1 = datetime.date(2026, 11, 1)
-- p2 = datetime.date(2026, 11, 1)
-- p3 = datetime.date(2026, 12, 1)
-- p4 = 'incident'
-- p5 = True
-- p6 = True
-- p7 = ''
-- p8 = ''
-- p9 = 'service_request'
-- p10 = ''
-- p11 = ''
-- p12 = 'consultation'
-- p13 = True
-- p14 = True
-- p15 = 'problem'
-- p16 = True
-- p17 = True
-- p18 = True
-- p19 = 'complaint'
-- p20 = 'praise'
-- p21 = ''
-- p22 = True
-- p23 = True
-- p24 = 'incident'
-- p25 = True
-- p26 = True
-- p27 = ''
-- p28 = ''
-- p29 = 'service_request'
-- p30 = ''
-- p31 = ''
-- p32 = 'consultation'
-- p33 = True
-- p34 = True
-- p35 = 'problem'
-- p36 = True
-- p37 = True
-- p38 = True
-- p39 = 'complaint'
-- p40 = 'praise'
-- p41 = ''
-- p42 = True
-- p43 = True
-- p44 = ''
-- p45 = datetime.datetime(2026, 11, 22, 0, 0)

-- stakeholder_information_conveyed
SELECT
  period.n AS "period",
  CAST(COUNT(*) FILTER(WHERE
    (
      COALESCE("f"."rating" IN ($p4), FALSE)
    )) AS DOUBLE) / NULLIF(
    CAST(COUNT(*) FILTER(WHERE
      (
        NOT "f"."rating" IS NULL AND "f"."rating" <> $p5
      )) AS DOUBLE),
    0
  ) AS "_value",
  COUNT(*) FILTER(WHERE
    (
      COALESCE("f"."rating" IN ($p4), FALSE)
    )) AS "_numerator",
  COUNT(*) FILTER(WHERE
    (
      NOT "f"."rating" IS NULL AND "f"."rating" <> $p5
    )) AS "_denominator",
  COUNT(*) FILTER(WHERE
    (
      NOT "f"."rating" IS NULL AND "f"."rating" <> $p5
    )) AS "_counted",
  COUNT(*) AS "_rows"
FROM facts AS f
JOIN (VALUES
  (0, CAST($p0 AS DATE), CAST($p1 AS DATE)),
  (1, CAST($p2 AS DATE), CAST($p3 AS DATE))) AS period(n, since, until)
  ON "f"."answered_at_day" >= period.since AND "f"."answered_at_day" < period.until
WHERE
  (
    COALESCE("f"."question" IN ($p6), FALSE)
  ) AND "f"."answered_at" <= $p7
GROUP BY
  period.n;
-- p0 = datetime.date(2026, 10, 1)
-- p1 = datetime.date(2026, 11, 1)
-- p2 = datetime.date(2026, 11, 1)
-- p3 = datetime.date(2026, 12, 1)
-- p4 = 'satisfied'
-- p5 = ''
-- p6 = 'information_conveyed'
-- p7 = datetime.datetime(2026, 11, 22, 0, 0)

-- percentile_interpolated
SELECT
  period.n AS "period",
  "f"."service_item" AS "service_item",
  CAST(QUANTILE_CONT(CAST("f"."resolution_took" AS DOUBLE), 0.9
  ORDER BY
    CAST("f"."resolution_took" AS DOUBLE)) AS DOUBLE) AS "_value",
  NULL AS "_numerator",
  NULL AS "_denominator",
  COUNT("f"."resolution_took") AS "_counted",
  COUNT(*) AS "_rows"
FROM facts AS f
JOIN (VALUES
  (0, CAST($p0 AS DATE), CAST($p1 AS DATE)),
  (1, CAST($p2 AS DATE), CAST($p3 AS DATE))) AS period(n, since, until)
  ON "f"."submitted_at_day" >= period.since AND "f"."submitted_at_day" < period.until
WHERE
  "f"."submitted_at" <= $p4
GROUP BY
  period.n,
  "f"."service_item";
-- p0 = datetime.date(2026, 10, 1)
-- p1 = datetime.date(2026, 11, 1)
-- p2 = datetime.date(2026, 11, 1)
-- p3 = datetime.date(2026, 12, 1)
-- p4 = datetime.datetime(2026, 11, 22, 0, 0)

-- percentile_discrete
SELECT
  period.n AS "period",
  CAST(QUANTILE_DISC(CAST("f"."resolution_took" AS DOUBLE), 0.9
  ORDER BY
    CAST("f"."resolution_took" AS DOUBLE)) AS DOUBLE) AS "_value",
  NULL AS "_numerator",
  NULL AS "_denominator",
  COUNT("f"."resolution_took") AS "_counted",
  COUNT(*) AS "_rows"
FROM facts AS f
JOIN (VALUES
  (0, CAST($p0 AS DATE), CAST($p1 AS DATE)),
  (1, CAST($p2 AS DATE), CAST($p3 AS DATE))) AS period(n, since, until)
  ON "f"."submitted_at_day" >= period.since AND "f"."submitted_at_day" < period.until
WHERE
  "f"."submitted_at" <= $p4
GROUP BY
  period.n;
-- p0 = datetime.date(2026, 10, 1)
-- p1 = datetime.date(2026, 11, 1)
-- p2 = datetime.date(2026, 11, 1)
-- p3 = datetime.date(2026, 12, 1)
-- p4 = datetime.datetime(2026, 11, 22, 0, 0)

-- smallest
SELECT
  period.n AS "period",
  CAST(MIN("f"."resolution_took") AS DOUBLE) AS "_value",
  NULL AS "_numerator",
  NULL AS "_denominator",
  COUNT("f"."resolution_took") AS "_counted",
  COUNT(*) AS "_rows"
FROM facts AS f
JOIN (VALUES
  (0, CAST($p0 AS DATE), CAST($p1 AS DATE)),
  (1, CAST($p2 AS DATE), CAST($p3 AS DATE))) AS period(n, since, until)
  ON "f"."submitted_at_day" >= period.since AND "f"."submitted_at_day" < period.until
WHERE
  "f"."submitted_at" <= $p4
GROUP BY
  period.n;
-- p0 = datetime.date(2026, 10, 1)
-- p1 = datetime.date(2026, 11, 1)
-- p2 = datetime.date(2026, 11, 1)
-- p3 = datetime.date(2026, 12, 1)
-- p4 = datetime.datetime(2026, 11, 22, 0, 0)

-- share_of_sums
SELECT
  period.n AS "period",
  CAST(SUM("f"."waiting_took") AS DOUBLE) / NULLIF(CAST(SUM("f"."resolution_took") AS DOUBLE), 0) AS "_value",
  CAST(SUM("f"."waiting_took") AS DOUBLE) AS "_numerator",
  CAST(SUM("f"."resolution_took") AS DOUBLE) AS "_denominator",
  COUNT("f"."resolution_took") AS "_counted",
  COUNT(*) AS "_rows"
FROM facts AS f
JOIN (VALUES
  (0, CAST($p0 AS DATE), CAST($p1 AS DATE)),
  (1, CAST($p2 AS DATE), CAST($p3 AS DATE))) AS period(n, since, until)
  ON "f"."submitted_at_day" >= period.since AND "f"."submitted_at_day" < period.until
WHERE
  "f"."submitted_at" <= $p4
GROUP BY
  period.n;
-- p0 = datetime.date(2026, 10, 1)
-- p1 = datetime.date(2026, 11, 1)
-- p2 = datetime.date(2026, 11, 1)
-- p3 = datetime.date(2026, 12, 1)
-- p4 = datetime.datetime(2026, 11, 22, 0, 0)

-- every_operator
SELECT
  period.n AS "period",
  CAST(COUNT(*) AS DOUBLE) AS "_value",
  COUNT(*) AS "_numerator",
  NULL AS "_denominator",
  COUNT(*) AS "_counted",
  COUNT(*) AS "_rows"
FROM facts AS f
JOIN (VALUES
  (0, CAST($p0 AS DATE), CAST($p1 AS DATE)),
  (1, CAST($p2 AS DATE), CAST($p3 AS DATE))) AS period(n, since, until)
  ON "f"."submitted_at_day" >= period.since AND "f"."submitted_at_day" < period.until
WHERE
  (
    (
      COALESCE(ARRAY_CONTAINS("f"."tags", CAST($p4 AS TEXT)), FALSE)
    )
    AND (
      (
        NOT "f"."tags" IS NULL AND COALESCE(ARRAY_LENGTH("f"."tags") > 0, FALSE)
      )
      OR NOT (
        COALESCE("f"."channel" IN ($p5), FALSE)
      )
    )
    AND NOT (
      COALESCE("f"."submitted_at" >= $p6, FALSE)
    )
    AND (
      COALESCE("f"."returned" IN ($p7), FALSE)
    )
    AND COALESCE("f"."resolution_took" <= $p8, FALSE)
  )
  AND "f"."submitted_at" <= $p9
GROUP BY
  period.n;
-- p0 = datetime.date(2026, 10, 1)
-- p1 = datetime.date(2026, 11, 1)
-- p2 = datetime.date(2026, 11, 1)
-- p3 = datetime.date(2026, 12, 1)
-- p4 = 'first_line_support'
-- p5 = 'phone'
-- p6 = datetime.datetime(2026, 10, 31, 16, 0)
-- p7 = False
-- p8 = 14400
-- p9 = datetime.datetime(2026, 11, 22, 0, 0)

-- two in one reading, by channel
SELECT
  CASE
    WHEN "f"."submitted_at_day" < CAST($p0 AS DATE)
    THEN CASE WHEN "f"."submitted_at_day" >= CAST($p1 AS DATE) THEN 0 END
    WHEN "f"."submitted_at_day" < CAST($p2 AS DATE)
    THEN CASE WHEN "f"."submitted_at_day" >= CAST($p3 AS DATE) THEN 1 END
  END AS "period",
  "f"."channel" AS "channel",
  CAST(COUNT(*) AS DOUBLE) AS "0_value",
  COUNT(*) AS "0_numerator",
  NULL AS "0_denominator",
  COUNT(*) AS "0_counted",
  COUNT(*) AS "0_rows",
  CAST(COUNT(*) FILTER(WHERE
    (
      COALESCE("f"."first_response_met" IN ($p4), FALSE)
    )) AS DOUBLE) / NULLIF(
    CAST(COUNT(*) FILTER(WHERE
      (
        NOT "f"."first_response_took" IS NULL
      )) AS DOUBLE),
    0
  ) AS "1_value",
  COUNT(*) FILTER(WHERE
    (
      COALESCE("f"."first_response_met" IN ($p4), FALSE)
    )) AS "1_numerator",
  COUNT(*) FILTER(WHERE
    (
      NOT "f"."first_response_took" IS NULL
    )) AS "1_denominator",
  COUNT(*) FILTER(WHERE
    (
      NOT "f"."first_response_took" IS NULL
    )) AS "1_counted",
  COUNT(*) AS "1_rows"
FROM facts AS f
WHERE
  (
    "f"."submitted_at_day" >= CAST($p5 AS DATE)
    AND "f"."submitted_at_day" < CAST($p6 AS DATE)
  )
  AND "f"."submitted_at" <= $p7
GROUP BY
  CASE
    WHEN "f"."submitted_at_day" < CAST($p0 AS DATE)
    THEN CASE WHEN "f"."submitted_at_day" >= CAST($p1 AS DATE) THEN 0 END
    WHEN "f"."submitted_at_day" < CAST($p2 AS DATE)
    THEN CASE WHEN "f"."submitted_at_day" >= CAST($p3 AS DATE) THEN 1 END
  END,
  "f"."channel";
-- p0 = datetime.date(2026, 11, 1)
-- p1 = datetime.date(2026, 10, 1)
-- p2 = datetime.date(2026, 12, 1)
-- p3 = datetime.date(2026, 11, 1)
-- p4 = True
-- p5 = datetime.date(2026, 10, 1)
-- p6 = datetime.date(2026, 12, 1)
-- p7 = datetime.datetime(2026, 11, 22, 0, 0)

-- sub-totals by item, and the total
SELECT
  period.n AS "period",
  "f"."service_item" AS "service_item",
  "f"."channel" AS "channel",
  GROUPING("f"."service_item") AS "_total0",
  GROUPING("f"."channel") AS "_total1",
  CAST(COUNT(*) FILTER(WHERE
    (
      COALESCE("f"."first_response_met" IN ($p4), FALSE)
    )) AS DOUBLE) / NULLIF(
    CAST(COUNT(*) FILTER(WHERE
      (
        NOT "f"."first_response_took" IS NULL
      )) AS DOUBLE),
    0
  ) AS "_value",
  COUNT(*) FILTER(WHERE
    (
      COALESCE("f"."first_response_met" IN ($p4), FALSE)
    )) AS "_numerator",
  COUNT(*) FILTER(WHERE
    (
      NOT "f"."first_response_took" IS NULL
    )) AS "_denominator",
  COUNT(*) FILTER(WHERE
    (
      NOT "f"."first_response_took" IS NULL
    )) AS "_counted",
  COUNT(*) AS "_rows"
FROM facts AS f
JOIN (VALUES
  (0, CAST($p0 AS DATE), CAST($p1 AS DATE)),
  (1, CAST($p2 AS DATE), CAST($p3 AS DATE))) AS period(n, since, until)
  ON "f"."submitted_at_day" >= period.since AND "f"."submitted_at_day" < period.until
WHERE
  "f"."submitted_at" <= $p5
GROUP BY
  GROUPING SETS (
    (period.n, "f"."service_item", "f"."channel"),
    (period.n, "f"."service_item"),
    (period.n)
  );
-- p0 = datetime.date(2026, 10, 1)
-- p1 = datetime.date(2026, 11, 1)
-- p2 = datetime.date(2026, 11, 1)
-- p3 = datetime.date(2026, 12, 1)
-- p4 = True
-- p5 = datetime.datetime(2026, 11, 22, 0, 0)
