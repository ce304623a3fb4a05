-- inquiries_registered
SELECT
  period.n AS "period",
  CAST(COUNT(*) AS Nullable(Float64)) AS "_value",
  COUNT(*) AS "_numerator",
  NULL AS "_denominator",
  COUNT(*) AS "_counted",
  COUNT(*) AS "_rows"
FROM facts AS f
CROSS JOIN (
  SELECT
    0 AS n,
    {p0: Date32} AS since,
    {p1: Date32} AS until
  UNION ALL
  SELECT
    1 AS n,
    {p1: Date32} AS since,
    {p2: Date32} AS until
) AS period
WHERE
  (
    "f"."submitted_at_day" >= period.since AND "f"."submitted_at_day" < period.until
  )
  AND "f"."submitted_at" <= {p3: DateTime64(6, 'UTC')}
GROUP BY
  period.n
SETTINGS aggregate_functions_null_for_empty = 1, group_by_use_nulls = 1;
-- p0 = datetime.date(2026, 10, 1)
-- p1 = datetime.date(2026, 11, 1)
-- p2 = datetime.date(2026, 12, 1)
-- p3 = datetime.datetime(2026, 11, 22, 0, 0)

-- average_response_time
SELECT
  period.n AS "period",
  CAST(SUM(CAST("f"."first_response_took" AS Nullable(Int128))) AS Nullable(Float64)) / nullIf(CAST(COUNT("f"."first_response_took") AS Nullable(Float64)), 0) AS "_value",
  CAST(SUM(CAST("f"."first_response_took" AS Nullable(Int128))) AS Nullable(Float64)) AS "_numerator",
  COUNT("f"."first_response_took") AS "_denominator",
  COUNT("f"."first_response_took") AS "_counted",
  COUNT(*) AS "_rows"
FROM facts AS f
CROSS JOIN (
  SELECT
    0 AS n,
    {p0: Date32} AS since,
    {p1: Date32} AS until
  UNION ALL
  SELECT
    1 AS n,
    {p1: Date32} AS since,
    {p2: Date32} AS until
) AS period
WHERE
  (
    (
      "f"."submitted_at_day" >= period.since AND "f"."submitted_at_day" < period.until
    )
    AND (
      COALESCE("f"."status" IN ({p3: String}), FALSE)
    )
  )
  AND "f"."submitted_at" <= {p4: DateTime64(6, 'UTC')}
GROUP BY
  period.n
SETTINGS aggregate_functions_null_for_empty = 1, group_by_use_nulls = 1;
-- p0 = datetime.date(2026, 10, 1)
-- p1 = datetime.date(2026, 11, 1)
-- p2 = datetime.date(2026, 12, 1)
-- p3 = 'closed'
-- p4 = datetime.datetime(2026, 11, 22, 0, 0)

-- never_accepted
SELECT
  period.n AS "period",
  CAST(COUNT(*) FILTER(WHERE
    NOT (
      NOT (
        "f"."first_response_took" IS NULL
      )
    )) AS Nullable(Float64)) AS "_value",
  COUNT(*) FILTER(WHERE
    NOT (
      NOT (
        "f"."first_response_took" IS NULL
      )
    )) AS "_numerator",
  NULL AS "_denominator",
  COUNT(*) FILTER(WHERE
    NOT (
      NOT (
        "f"."first_response_took" IS NULL
      )
    )) AS "_counted",
  COUNT(*) AS "_rows"
FROM facts AS f
CROSS JOIN (
  SELECT
    0 AS n,
    {p0: Date32} AS since,
    {p1: Date32} AS until
  UNION ALL
  SELECT
    1 AS n,
    {p1: Date32} AS since,
    {p2: Date32} AS until
) AS period
WHERE
  (
    (
      "f"."submitted_at_day" >= period.since AND "f"."submitted_at_day" < period.until
    )
    AND (
      COALESCE("f"."status" IN ({p3: String}), FALSE)
    )
  )
  AND "f"."submitted_at" <= {p4: DateTime64(6, 'UTC')}
GROUP BY
  period.n
SETTINGS aggregate_functions_null_for_empty = 1, group_by_use_nulls = 1;
-- p0 = datetime.date(2026, 10, 1)
-- p1 = datetime.date(2026, 11, 1)
-- p2 = datetime.date(2026, 12, 1)
-- p3 = 'closed'
-- p4 = datetime.datetime(2026, 11, 22, 0, 0)

-- first_response_on_time
SELECT
  period.n AS "period",
  CAST(COUNT(*) FILTER(WHERE
    (
      COALESCE("f"."first_response_met", FALSE)
    )) AS Nullable(Float64)) / nullIf(
    CAST(COUNT(*) FILTER(WHERE
      (
        NOT (
          "f"."first_response_took" IS NULL
        )
      )) AS Nullable(Float64)),
    0
  ) AS "_value",
  COUNT(*) FILTER(WHERE
    (
      COALESCE("f"."first_response_met", FALSE)
    )) AS "_numerator",
  COUNT(*) FILTER(WHERE
    (
      NOT (
        "f"."first_response_took" IS NULL
      )
    )) AS "_denominator",
  COUNT(*) FILTER(WHERE
    (
      NOT (
        "f"."first_response_took" IS NULL
      )
    )) AS "_counted",
  COUNT(*) AS "_rows"
FROM facts AS f
CROSS JOIN (
  SELECT
    0 AS n,
    {p0: Date32} AS since,
    {p1: Date32} AS until
  UNION ALL
  SELECT
    1 AS n,
    {p1: Date32} AS since,
    {p2: Date32} AS until
) AS period
WHERE
  (
    "f"."submitted_at_day" >= period.since AND "f"."submitted_at_day" < period.until
  )
  AND "f"."submitted_at" <= {p3: DateTime64(6, 'UTC')}
GROUP BY
  period.n
SETTINGS aggregate_functions_null_for_empty = 1, group_by_use_nulls = 1;
-- p0 = datetime.date(2026, 10, 1)
-- p1 = datetime.date(2026, 11, 1)
-- p2 = datetime.date(2026, 12, 1)
-- p3 = datetime.datetime(2026, 11, 22, 0, 0)

-- waiting_share
SELECT
  period.n AS "period",
  CAST(SUM(CAST("f"."waiting_took" AS Nullable(Int128))) AS Nullable(Float64)) / nullIf(CAST(SUM(CAST("f"."resolution_took" AS Nullable(Int128))) AS Nullable(Float64)), 0) AS "_value",
  CAST(SUM(CAST("f"."waiting_took" AS Nullable(Int128))) AS Nullable(Float64)) AS "_numerator",
  CAST(SUM(CAST("f"."resolution_took" AS Nullable(Int128))) AS Nullable(Float64)) AS "_denominator",
  COUNT("f"."resolution_took") AS "_counted",
  COUNT(*) AS "_rows"
FROM facts AS f
CROSS JOIN (
  SELECT
    0 AS n,
    {p0: Date32} AS since,
    {p1: Date32} AS until
  UNION ALL
  SELECT
    1 AS n,
    {p1: Date32} AS since,
    {p2: Date32} AS until
) AS period
WHERE
  (
    "f"."submitted_at_day" >= period.since AND "f"."submitted_at_day" < period.until
  )
  AND "f"."submitted_at" <= {p3: DateTime64(6, 'UTC')}
GROUP BY
  period.n
SETTINGS aggregate_functions_null_for_empty = 1, group_by_use_nulls = 1;
-- p0 = datetime.date(2026, 10, 1)
-- p1 = datetime.date(2026, 11, 1)
-- p2 = datetime.date(2026, 12, 1)
-- p3 = datetime.datetime(2026, 11, 22, 0, 0)

-- mean_time_to_resolve
SELECT
  period.n AS "period",
  CAST(SUM(CAST("f"."resolution_took" AS Nullable(Int128))) AS Nullable(Float64)) / nullIf(CAST(COUNT("f"."resolution_took") AS Nullable(Float64)), 0) AS "_value",
  CAST(SUM(CAST("f"."resolution_took" AS Nullable(Int128))) AS Nullable(Float64)) AS "_numerator",
  COUNT("f"."resolution_took") AS "_denominator",
  COUNT("f"."resolution_took") AS "_counted",
  COUNT(*) AS "_rows"
FROM facts AS f
CROSS JOIN (
  SELECT
    0 AS n,
    {p0: Date32} AS since,
    {p1: Date32} AS until
  UNION ALL
  SELECT
    1 AS n,
    {p1: Date32} AS since,
    {p2: Date32} AS until
) AS period
WHERE
  (
    "f"."submitted_at_day" >= period.since AND "f"."submitted_at_day" < period.until
  )
  AND "f"."submitted_at" <= {p3: DateTime64(6, 'UTC')}
GROUP BY
  period.n
SETTINGS aggregate_functions_null_for_empty = 1, group_by_use_nulls = 1;
-- p0 = datetime.date(2026, 10, 1)
-- p1 = datetime.date(2026, 11, 1)
-- p2 = datetime.date(2026, 12, 1)
-- p3 = datetime.datetime(2026, 11, 22, 0, 0)

-- resolution_rate
SELECT
  period.n AS "period",
  CAST(COUNT(*) FILTER(WHERE
    (
      COALESCE("f"."status" IN ({p3: String}), FALSE)
    )
    AND (
      COALESCE("f"."solved_at_desk", FALSE)
    )) AS Nullable(Float64)) / nullIf(CAST(COUNT(*) AS Nullable(Float64)), 0) AS "_value",
  COUNT(*) FILTER(WHERE
    (
      COALESCE("f"."status" IN ({p3: String}), FALSE)
    )
    AND (
      COALESCE("f"."solved_at_desk", FALSE)
    )) AS "_numerator",
  COUNT(*) AS "_denominator",
  COUNT(*) AS "_counted",
  COUNT(*) AS "_rows"
FROM facts AS f
CROSS JOIN (
  SELECT
    0 AS n,
    {p0: Date32} AS since,
    {p1: Date32} AS until
  UNION ALL
  SELECT
    1 AS n,
    {p1: Date32} AS since,
    {p2: Date32} AS until
) AS period
WHERE
  (
    "f"."submitted_at_day" >= period.since AND "f"."submitted_at_day" < period.until
  )
  AND "f"."submitted_at" <= {p4: DateTime64(6, 'UTC')}
GROUP BY
  period.n
SETTINGS aggregate_functions_null_for_empty = 1, group_by_use_nulls = 1;
-- p0 = datetime.date(2026, 10, 1)
-- p1 = datetime.date(2026, 11, 1)
-- p2 = datetime.date(2026, 12, 1)
-- p3 = 'closed'
-- p4 = datetime.datetime(2026, 11, 22, 0, 0)

-- abandonment_rate
SELECT
  period.n AS "period",
  CAST(COUNT(*) FILTER(WHERE
    (
      COALESCE(NOT (
        "f"."answered"
      ), FALSE)
    )
    AND COALESCE("f"."ring_time" > {p3: Int64}, FALSE)) AS Nullable(Float64)) / nullIf(CAST(COUNT(*) AS Nullable(Float64)), 0) AS "_value",
  COUNT(*) FILTER(WHERE
    (
      COALESCE(NOT (
        "f"."answered"
      ), FALSE)
    )
    AND COALESCE("f"."ring_time" > {p3: Int64}, FALSE)) AS "_numerator",
  COUNT(*) AS "_denominator",
  COUNT(*) AS "_counted",
  COUNT(*) AS "_rows"
FROM facts AS f
CROSS JOIN (
  SELECT
    0 AS n,
    {p0: Date32} AS since,
    {p1: Date32} AS until
  UNION ALL
  SELECT
    1 AS n,
    {p1: Date32} AS since,
    {p2: Date32} AS until
) AS period
WHERE
  (
    (
      "f"."contact_at_day" >= period.since AND "f"."contact_at_day" < period.until
    )
    AND (
      NOT (
        "f"."ring_time" IS NULL
      )
    )
  )
  AND "f"."contact_at" <= {p4: DateTime64(6, 'UTC')}
GROUP BY
  period.n
SETTINGS aggregate_functions_null_for_empty = 1, group_by_use_nulls = 1;
-- p0 = datetime.date(2026, 10, 1)
-- p1 = datetime.date(2026, 11, 1)
-- p2 = datetime.date(2026, 12, 1)
-- p3 = 25
-- p4 = datetime.datetime(2026, 11, 22, 0, 0)

-- satisfied_share
SELECT
  period.n AS "period",
  CAST(COUNT(*) FILTER(WHERE
    (
      COALESCE("f"."user_satisfaction" IN ({p3: String}), FALSE)
    )) AS Nullable(Float64)) / nullIf(
    CAST(COUNT(*) FILTER(WHERE
      (
        COALESCE("f"."user_satisfaction" <> {p4: String}, FALSE)
      )) AS Nullable(Float64)),
    0
  ) AS "_value",
  COUNT(*) FILTER(WHERE
    (
      COALESCE("f"."user_satisfaction" IN ({p3: String}), FALSE)
    )) AS "_numerator",
  COUNT(*) FILTER(WHERE
    (
      COALESCE("f"."user_satisfaction" <> {p4: String}, FALSE)
    )) AS "_denominator",
  COUNT(*) FILTER(WHERE
    (
      COALESCE("f"."user_satisfaction" <> {p4: String}, FALSE)
    )) AS "_counted",
  COUNT(*) AS "_rows"
FROM facts AS f
CROSS JOIN (
  SELECT
    0 AS n,
    {p0: Date32} AS since,
    {p1: Date32} AS until
  UNION ALL
  SELECT
    1 AS n,
    {p1: Date32} AS since,
    {p2: Date32} AS until
) AS period
WHERE
  (
    "f"."submitted_at_day" >= period.since AND "f"."submitted_at_day" < period.until
  )
  AND "f"."submitted_at" <= {p5: DateTime64(6, 'UTC')}
GROUP BY
  period.n
SETTINGS aggregate_functions_null_for_empty = 1, group_by_use_nulls = 1;
-- p0 = datetime.date(2026, 10, 1)
-- p1 = datetime.date(2026, 11, 1)
-- p2 = datetime.date(2026, 12, 1)
-- p3 = 'satisfied'
-- p4 = ''
-- p5 = datetime.datetime(2026, 11, 22, 0, 0)

-- information_quality
SELECT
  period.n AS "period",
  CAST(COUNT(*) FILTER(WHERE
    (
      COALESCE("f"."title_filled", FALSE)
    )
    AND (
      COALESCE("f"."symptom_filled", FALSE)
    )) + COUNT(*) FILTER(WHERE
    (
      COALESCE("f"."user" <> {p3: String}, FALSE)
    )
    AND (
      COALESCE("f"."channel" <> {p3: String}, FALSE)
    )) + COUNT(*) FILTER(WHERE
    (
      COALESCE("f"."email_filled", FALSE)
    )
    OR (
      COALESCE("f"."contact_phone_filled", FALSE)
    )) + COUNT(*) FILTER(WHERE
    (
      COALESCE("f"."first_response_met", FALSE)
    )) + COUNT(*) FILTER(WHERE
    NOT (
      (
        COALESCE("f"."returned", FALSE)
      )
      OR (
        COALESCE("f"."misclassified", FALSE)
      )
      OR (
        COALESCE("f"."reclassified", FALSE)
      )
    )) + COUNT(*) FILTER(WHERE
    (
      COALESCE("f"."service_item" <> {p3: String}, FALSE)
    )
    OR (
      COALESCE("f"."classification" <> {p3: String}, FALSE)
    )) + COUNT(*) FILTER(WHERE
    (
      NOT (
        "f"."occurred_at" IS NULL
      )
    )
    OR (
      COALESCE("f"."systems_concerned" <> {p3: String}, FALSE)
    )
    OR (
      COALESCE("f"."system_module" <> {p3: String}, FALSE)
    )) + COUNT(*) FILTER(WHERE
    (
      COALESCE("f"."stream" <> {p3: String}, FALSE)
    )
    AND (
      COALESCE("f"."problem_category" <> {p3: String}, FALSE)
    )
    AND (
      COALESCE("f"."solution_filled", FALSE)
    )) AS Nullable(Float64)) / nullIf(CAST(COUNT(*) * 8 AS Nullable(Float64)), 0) AS "_value",
  COUNT(*) FILTER(WHERE
    (
      COALESCE("f"."title_filled", FALSE)
    )
    AND (
      COALESCE("f"."symptom_filled", FALSE)
    )) + COUNT(*) FILTER(WHERE
    (
      COALESCE("f"."user" <> {p3: String}, FALSE)
    )
    AND (
      COALESCE("f"."channel" <> {p3: String}, FALSE)
    )) + COUNT(*) FILTER(WHERE
    (
      COALESCE("f"."email_filled", FALSE)
    )
    OR (
      COALESCE("f"."contact_phone_filled", FALSE)
    )) + COUNT(*) FILTER(WHERE
    (
      COALESCE("f"."first_response_met", FALSE)
    )) + COUNT(*) FILTER(WHERE
    NOT (
      (
        COALESCE("f"."returned", FALSE)
      )
      OR (
        COALESCE("f"."misclassified", FALSE)
      )
      OR (
        COALESCE("f"."reclassified", FALSE)
      )
    )) + COUNT(*) FILTER(WHERE
    (
      COALESCE("f"."service_item" <> {p3: String}, FALSE)
    )
    OR (
      COALESCE("f"."classification" <> {p3: String}, FALSE)
    )) + COUNT(*) FILTER(WHERE
    (
      NOT (
        "f"."occurred_at" IS NULL
      )
    )
    OR (
      COALESCE("f"."systems_concerned" <> {p3: String}, FALSE)
    )
    OR (
      COALESCE("f"."system_module" <> {p3: String}, FALSE)
    )) + COUNT(*) FILTER(WHERE
    (
      COALESCE("f"."stream" <> {p3: String}, FALSE)
    )
    AND (
      COALESCE("f"."problem_category" <> {p3: String}, FALSE)
    )
    AND (
      COALESCE("f"."solution_filled", FALSE)
    )) AS "_numerator",
  COUNT(*) * 8 AS "_denominator",
  COUNT(*) AS "_counted",
  COUNT(*) AS "_rows",
  COUNT(*) FILTER(WHERE
    (
      COALESCE("f"."title_filled", FALSE)
    )
    AND (
      COALESCE("f"."symptom_filled", FALSE)
    )) AS "_part0",
  COUNT(*) FILTER(WHERE
    (
      COALESCE("f"."user" <> {p3: String}, FALSE)
    )
    AND (
      COALESCE("f"."channel" <> {p3: String}, FALSE)
    )) AS "_part1",
  COUNT(*) FILTER(WHERE
    (
      COALESCE("f"."email_filled", FALSE)
    )
    OR (
      COALESCE("f"."contact_phone_filled", FALSE)
    )) AS "_part2",
  COUNT(*) FILTER(WHERE
    (
      COALESCE("f"."first_response_met", FALSE)
    )) AS "_part3",
  COUNT(*) FILTER(WHERE
    NOT (
      (
        COALESCE("f"."returned", FALSE)
      )
      OR (
        COALESCE("f"."misclassified", FALSE)
      )
      OR (
        COALESCE("f"."reclassified", FALSE)
      )
    )) AS "_part4",
  COUNT(*) FILTER(WHERE
    (
      COALESCE("f"."service_item" <> {p3: String}, FALSE)
    )
    OR (
      COALESCE("f"."classification" <> {p3: String}, FALSE)
    )) AS "_part5",
  COUNT(*) FILTER(WHERE
    (
      NOT (
        "f"."occurred_at" IS NULL
      )
    )
    OR (
      COALESCE("f"."systems_concerned" <> {p3: String}, FALSE)
    )
    OR (
      COALESCE("f"."system_module" <> {p3: String}, FALSE)
    )) AS "_part6",
  COUNT(*) FILTER(WHERE
    (
      COALESCE("f"."stream" <> {p3: String}, FALSE)
    )
    AND (
      COALESCE("f"."problem_category" <> {p3: String}, FALSE)
    )
    AND (
      COALESCE("f"."solution_filled", FALSE)
    )) AS "_part7"
FROM facts AS f
CROSS JOIN (
  SELECT
    0 AS n,
    {p0: Date32} AS since,
    {p1: Date32} AS until
  UNION ALL
  SELECT
    1 AS n,
    {p1: Date32} AS since,
    {p2: Date32} AS until
) AS period
WHERE
  (
    (
      "f"."submitted_at_day" >= period.since AND "f"."submitted_at_day" < period.until
    )
    AND (
      COALESCE("f"."status" IN ({p4: String}, {p5: String}), FALSE)
    )
  )
  AND "f"."submitted_at" <= {p6: DateTime64(6, 'UTC')}
GROUP BY
  period.n
SETTINGS aggregate_functions_null_for_empty = 1, group_by_use_nulls = 1;
-- p0 = datetime.date(2026, 10, 1)
-- p1 = datetime.date(2026, 11, 1)
-- p2 = datetime.date(2026, 12, 1)
-- p3 = ''
-- p4 = 'resolved'
-- p5 = 'closed'
-- p6 = datetime.datetime(2026, 11, 22, 0, 0)

-- channel_convenience
SELECT
  period.n AS "period",
  CAST(SUM(CAST("f"."convenience" AS Nullable(Int128))) AS Nullable(Float64)) / nullIf(CAST(COUNT("f"."convenience") AS Nullable(Float64)), 0) AS "_value",
  CAST(SUM(CAST("f"."convenience" AS Nullable(Int128))) AS Nullable(Float64)) AS "_numerator",
  COUNT("f"."convenience") AS "_denominator",
  COUNT("f"."convenience") AS "_counted",
  COUNT(*) AS "_rows"
FROM facts AS f
CROSS JOIN (
  SELECT
    0 AS n,
    {p0: Date32} AS since,
    {p1: Date32} AS until
  UNION ALL
  SELECT
    1 AS n,
    {p1: Date32} AS since,
    {p2: Date32} AS until
) AS period
WHERE
  COALESCE("f"."rated_on" < period.until, TRUE)
  AND COALESCE("f"."rated_on" <= {p3: Date32}, TRUE)
GROUP BY
  period.n
SETTINGS aggregate_functions_null_for_empty = 1, group_by_use_nulls = 1;
-- p0 = datetime.date(2026, 10, 1)
-- p1 = datetime.date(2026, 11, 1)
-- p2 = datetime.date(2026, 12, 1)
-- p3 = datetime.date(2026, 11, 22)

-- stakeholder_information_quality
SELECT
  period.n AS "period",
  CAST(COUNT(*) FILTER(WHERE
    (
      COALESCE("f"."rating" IN ({p3: String}), FALSE)
    )) AS Nullable(Float64)) / nullIf(
    CAST(COUNT(*) FILTER(WHERE
      (
        COALESCE("f"."rating" <> {p4: String}, FALSE)
      )) AS Nullable(Float64)),
    0
  ) AS "_value",
  COUNT(*) FILTER(WHERE
    (
      COALESCE("f"."rating" IN ({p3: String}), FALSE)
    )) AS "_numerator",
  COUNT(*) FILTER(WHERE
    (
      COALESCE("f"."rating" <> {p4: String}, FALSE)
    )) AS "_denominator",
  COUNT(*) FILTER(WHERE
    (
      COALESCE("f"."rating" <> {p4: String}, FALSE)
    )) AS "_counted",
  COUNT(*) AS "_rows"
FROM facts AS f
CROSS JOIN (
  SELECT
    0 AS n,
    {p0: Date32} AS since,
    {p1: Date32} AS until
  UNION ALL
  SELECT
    1 AS n,
    {p1: Date32} AS since,
    {p2: Date32} AS until
) AS period
WHERE
  (
    (
      "f"."answered_at_day" >= period.since AND "f"."answered_at_day" < period.until
    )
    AND (
      COALESCE("f"."question" IN ({p5: String}), FALSE)
    )
  )
  AND "f"."answered_at" <= {p6: DateTime64(6, 'UTC')}
GROUP BY
  period.n
SETTINGS aggregate_functions_null_for_empty = 1, group_by_use_nulls = 1;
-- p0 = datetime.date(2026, 10, 1)
-- p1 = datetime.date(2026, 11, 1)
-- p2 = datetime.date(2026, 12, 1)
-- p3 = 'satisfied'
-- p4 = ''
-- p5 = 'information_quality'
-- p6 = datetime.datetime(2026, 11, 22, 0, 0)

-- stakeholder_channel_convenience
SELECT
  period.n AS "period",
  CAST(COUNT(*) FILTER(WHERE
    (
      COALESCE("f"."rating" IN ({p3: String}), FALSE)
    )) AS Nullable(Float64)) / nullIf(
    CAST(COUNT(*) FILTER(WHERE
      (
        COALESCE("f"."rating" <> {p4: String}, FALSE)
      )) AS Nullable(Float64)),
    0
  ) AS "_value",
  COUNT(*) FILTER(WHERE
    (
      COALESCE("f"."rating" IN ({p3: String}), FALSE)
    )) AS "_numerator",
  COUNT(*) FILTER(WHERE
    (
      COALESCE("f"."rating" <> {p4: String}, FALSE)
    )) AS "_denominator",
  COUNT(*) FILTER(WHERE
    (
      COALESCE("f"."rating" <> {p4: String}, FALSE)
    )) AS "_counted",
  COUNT(*) AS "_rows"
FROM facts AS f
CROSS JOIN (
  SELECT
    0 AS n,
    {p0: Date32} AS since,
    {p1: Date32} AS until
  UNION ALL
  SELECT
    1 AS n,
    {p1: Date32} AS since,
    {p2: Date32} AS until
) AS period
WHERE
  (
    (
      "f"."answered_at_day" >= period.since AND "f"."answered_at_day" < period.until
    )
    AND (
      COALESCE("f"."question" IN ({p5: String}), FALSE)
    )
  )
  AND "f"."answered_at" <= {p6: DateTime64(6, 'UTC')}
GROUP BY
  period.n
SETTINGS aggregate_functions_null_for_empty = 1, group_by_use_nulls = 1;
-- p0 = datetime.date(2026, 10, 1)
-- p1 = datetime.date(2026, 11, 1)
-- p2 = datetime.date(2026, 12, 1)
-- p3 = 'satisfied'
-- p4 = ''
-- p5 = 'channel_convenience'
-- p6 = datetime.datetime(2026, 11, 22, 0, 0)

-- total_demand
SELECT
  period.n AS "period",
  CAST(COUNT(*) AS Nullable(Float64)) AS "_value",
  COUNT(*) AS "_numerator",
  NULL AS "_denominator",
  COUNT(*) AS "_counted",
  COUNT(*) AS "_rows"
FROM facts AS f
CROSS JOIN (
  SELECT
    0 AS n,
    {p0: Date32} AS since,
    {p1: Date32} AS until
  UNION ALL
  SELECT
    1 AS n,
    {p1: Date32} AS since,
    {p2: Date32} AS until
) AS period
WHERE
  (
    "f"."contact_at_day" >= period.since AND "f"."contact_at_day" < period.until
  )
  AND "f"."contact_at" <= {p3: DateTime64(6, 'UTC')}
GROUP BY
  period.n
SETTINGS aggregate_functions_null_for_empty = 1, group_by_use_nulls = 1;
-- p0 = datetime.date(2026, 10, 1)
-- p1 = datetime.date(2026, 11, 1)
-- p2 = datetime.date(2026, 12, 1)
-- p3 = datetime.datetime(2026, 11, 22, 0, 0)

-- unresolved_share
SELECT
  period.n AS "period",
  CAST(COUNT(*) FILTER(WHERE
    NOT (
      (
        COALESCE("f"."resolved", FALSE)
      )
      OR (
        NOT (
          NOT (
            "f"."resolved" IS NULL
          )
        )
        AND (
          COALESCE("f"."inquiry_status" IN ({p3: String}, {p4: String}), FALSE)
        )
      )
    )) AS Nullable(Float64)) / nullIf(CAST(COUNT(*) AS Nullable(Float64)), 0) AS "_value",
  COUNT(*) FILTER(WHERE
    NOT (
      (
        COALESCE("f"."resolved", FALSE)
      )
      OR (
        NOT (
          NOT (
            "f"."resolved" IS NULL
          )
        )
        AND (
          COALESCE("f"."inquiry_status" IN ({p3: String}, {p4: String}), FALSE)
        )
      )
    )) AS "_numerator",
  COUNT(*) AS "_denominator",
  COUNT(*) AS "_counted",
  COUNT(*) AS "_rows"
FROM facts AS f
CROSS JOIN (
  SELECT
    0 AS n,
    {p0: Date32} AS since,
    {p1: Date32} AS until
  UNION ALL
  SELECT
    1 AS n,
    {p1: Date32} AS since,
    {p2: Date32} AS until
) AS period
WHERE
  (
    "f"."contact_at_day" >= period.since AND "f"."contact_at_day" < period.until
  )
  AND "f"."contact_at" <= {p5: DateTime64(6, 'UTC')}
GROUP BY
  period.n
SETTINGS aggregate_functions_null_for_empty = 1, group_by_use_nulls = 1;
-- p0 = datetime.date(2026, 10, 1)
-- p1 = datetime.date(2026, 11, 1)
-- p2 = datetime.date(2026, 12, 1)
-- p3 = 'resolved'
-- p4 = 'closed'
-- p5 = datetime.datetime(2026, 11, 22, 0, 0)

-- recording_rate
SELECT
  period.n AS "period",
  CAST(COUNT(*) FILTER(WHERE
    (
      NOT (
        "f"."talk_time" IS NULL
      )
    )
    AND (
      COALESCE("f"."content_filled", FALSE)
    )) AS Nullable(Float64)) / nullIf(CAST(COUNT(*) AS Nullable(Float64)), 0) AS "_value",
  COUNT(*) FILTER(WHERE
    (
      NOT (
        "f"."talk_time" IS NULL
      )
    )
    AND (
      COALESCE("f"."content_filled", FALSE)
    )) AS "_numerator",
  COUNT(*) AS "_denominator",
  COUNT(*) AS "_counted",
  COUNT(*) AS "_rows",
  COUNT(*) FILTER(WHERE
    (
      NOT (
        "f"."talk_time" IS NULL
      )
    )) AS "_part0",
  COUNT(*) FILTER(WHERE
    (
      COALESCE("f"."content_filled", FALSE)
    )) AS "_part1"
FROM facts AS f
CROSS JOIN (
  SELECT
    0 AS n,
    {p0: Date32} AS since,
    {p1: Date32} AS until
  UNION ALL
  SELECT
    1 AS n,
    {p1: Date32} AS since,
    {p2: Date32} AS until
) AS period
WHERE
  (
    (
      "f"."contact_at_day" >= period.since AND "f"."contact_at_day" < period.until
    )
    AND (
      COALESCE("f"."answered", FALSE)
    )
  )
  AND "f"."contact_at" <= {p3: DateTime64(6, 'UTC')}
GROUP BY
  period.n
SETTINGS aggregate_functions_null_for_empty = 1, group_by_use_nulls = 1;
-- p0 = datetime.date(2026, 10, 1)
-- p1 = datetime.date(2026, 11, 1)
-- p2 = datetime.date(2026, 12, 1)
-- p3 = datetime.datetime(2026, 11, 22, 0, 0)

-- desk_index: made of satisfied_share, information_quality, first_response_on_time, waiting_share, resolution_rate, abandonment_rate, misclassified_share, information_received

-- misclassified_count
SELECT
  period.n AS "period",
  CAST(COUNT(*) FILTER(WHERE
    (
      COALESCE("f"."returned", FALSE)
    )
    OR (
      COALESCE("f"."misclassified", FALSE)
    )
    OR (
      COALESCE("f"."reclassified", FALSE)
    )) AS Nullable(Float64)) AS "_value",
  COUNT(*) FILTER(WHERE
    (
      COALESCE("f"."returned", FALSE)
    )
    OR (
      COALESCE("f"."misclassified", FALSE)
    )
    OR (
      COALESCE("f"."reclassified", FALSE)
    )) AS "_numerator",
  NULL AS "_denominator",
  COUNT(*) FILTER(WHERE
    (
      COALESCE("f"."returned", FALSE)
    )
    OR (
      COALESCE("f"."misclassified", FALSE)
    )
    OR (
      COALESCE("f"."reclassified", FALSE)
    )) AS "_counted",
  COUNT(*) AS "_rows"
FROM facts AS f
CROSS JOIN (
  SELECT
    0 AS n,
    {p0: Date32} AS since,
    {p1: Date32} AS until
  UNION ALL
  SELECT
    1 AS n,
    {p1: Date32} AS since,
    {p2: Date32} AS until
) AS period
WHERE
  (
    "f"."submitted_at_day" >= period.since AND "f"."submitted_at_day" < period.until
  )
  AND "f"."submitted_at" <= {p3: DateTime64(6, 'UTC')}
GROUP BY
  period.n
SETTINGS aggregate_functions_null_for_empty = 1, group_by_use_nulls = 1;
-- p0 = datetime.date(2026, 10, 1)
-- p1 = datetime.date(2026, 11, 1)
-- p2 = datetime.date(2026, 12, 1)
-- p3 = datetime.datetime(2026, 11, 22, 0, 0)

-- misclassified_share
SELECT
  period.n AS "period",
  CAST(COUNT(*) FILTER(WHERE
    (
      COALESCE("f"."returned", FALSE)
    )
    OR (
      COALESCE("f"."misclassified", FALSE)
    )
    OR (
      COALESCE("f"."reclassified", FALSE)
    )) AS Nullable(Float64)) / nullIf(CAST(COUNT(*) AS Nullable(Float64)), 0) AS "_value",
  COUNT(*) FILTER(WHERE
    (
      COALESCE("f"."returned", FALSE)
    )
    OR (
      COALESCE("f"."misclassified", FALSE)
    )
    OR (
      COALESCE("f"."reclassified", FALSE)
    )) AS "_numerator",
  COUNT(*) AS "_denominator",
  COUNT(*) AS "_counted",
  COUNT(*) AS "_rows"
FROM facts AS f
CROSS JOIN (
  SELECT
    0 AS n,
    {p0: Date32} AS since,
    {p1: Date32} AS until
  UNION ALL
  SELECT
    1 AS n,
    {p1: Date32} AS since,
    {p2: Date32} AS until
) AS period
WHERE
  (
    "f"."submitted_at_day" >= period.since AND "f"."submitted_at_day" < period.until
  )
  AND "f"."submitted_at" <= {p3: DateTime64(6, 'UTC')}
GROUP BY
  period.n
SETTINGS aggregate_functions_null_for_empty = 1, group_by_use_nulls = 1;
-- p0 = datetime.date(2026, 10, 1)
-- p1 = datetime.date(2026, 11, 1)
-- p2 = datetime.date(2026, 12, 1)
-- p3 = datetime.datetime(2026, 11, 22, 0, 0)

-- information_received
SELECT
  period.n AS "period",
  CAST(COUNT(*) FILTER(WHERE
    (
      NOT (
        COALESCE("f"."stream" IN ({p3: String}), FALSE)
      )
      OR (
        (
          COALESCE("f"."symptom_filled", FALSE)
        )
        AND (
          NOT (
            "f"."occurred_at" IS NULL
          )
        )
        AND (
          COALESCE("f"."scope_of_impact_filled", FALSE)
        )
        AND (
          (
            COALESCE("f"."systems_concerned" <> {p4: String}, FALSE)
          )
          OR (
            COALESCE("f"."system_module" <> {p4: String}, FALSE)
          )
        )
      )
    )
    AND (
      NOT (
        COALESCE("f"."stream" IN ({p5: String}), FALSE)
      )
      OR (
        (
          COALESCE("f"."service_item" <> {p4: String}, FALSE)
        )
        AND (
          COALESCE("f"."user" <> {p4: String}, FALSE)
        )
      )
    )
    AND (
      NOT (
        COALESCE("f"."stream" IN ({p6: String}), FALSE)
      )
      OR (
        COALESCE("f"."symptom_filled", FALSE)
      )
      OR (
        COALESCE("f"."title_filled", FALSE)
      )
    )
    AND (
      NOT (
        COALESCE("f"."stream" IN ({p7: String}), FALSE)
      )
      OR (
        (
          COALESCE("f"."symptom_filled", FALSE)
        )
        AND (
          (
            COALESCE("f"."related_incident_filled", FALSE)
          )
          OR (
            COALESCE("f"."configuration_item_filled", FALSE)
          )
        )
      )
    )
    AND (
      NOT (
        COALESCE("f"."stream" IN ({p8: String}, {p9: String}), FALSE)
      )
      OR (
        (
          COALESCE("f"."user" <> {p4: String}, FALSE)
        )
        AND (
          (
            COALESCE("f"."symptom_filled", FALSE)
          )
          OR (
            COALESCE("f"."title_filled", FALSE)
          )
        )
      )
    )) AS Nullable(Float64)) / nullIf(CAST(COUNT(*) AS Nullable(Float64)), 0) AS "_value",
  COUNT(*) FILTER(WHERE
    (
      NOT (
        COALESCE("f"."stream" IN ({p3: String}), FALSE)
      )
      OR (
        (
          COALESCE("f"."symptom_filled", FALSE)
        )
        AND (
          NOT (
            "f"."occurred_at" IS NULL
          )
        )
        AND (
          COALESCE("f"."scope_of_impact_filled", FALSE)
        )
        AND (
          (
            COALESCE("f"."systems_concerned" <> {p4: String}, FALSE)
          )
          OR (
            COALESCE("f"."system_module" <> {p4: String}, FALSE)
          )
        )
      )
    )
    AND (
      NOT (
        COALESCE("f"."stream" IN ({p5: String}), FALSE)
      )
      OR (
        (
          COALESCE("f"."service_item" <> {p4: String}, FALSE)
        )
        AND (
          COALESCE("f"."user" <> {p4: String}, FALSE)
        )
      )
    )
    AND (
      NOT (
        COALESCE("f"."stream" IN ({p6: String}), FALSE)
      )
      OR (
        COALESCE("f"."symptom_filled", FALSE)
      )
      OR (
        COALESCE("f"."title_filled", FALSE)
      )
    )
    AND (
      NOT (
        COALESCE("f"."stream" IN ({p7: String}), FALSE)
      )
      OR (
        (
          COALESCE("f"."symptom_filled", FALSE)
        )
        AND (
          (
            COALESCE("f"."related_incident_filled", FALSE)
          )
          OR (
            COALESCE("f"."configuration_item_filled", FALSE)
          )
        )
      )
    )
    AND (
      NOT (
        COALESCE("f"."stream" IN ({p8: String}, {p9: String}), FALSE)
      )
      OR (
        (
          COALESCE("f"."user" <> {p4: String}, FALSE)
        )
        AND (
          (
            COALESCE("f"."symptom_filled", FALSE)
          )
          OR (
            COALESCE("f"."title_filled", FALSE)
          )
        )
      )
    )) AS "_numerator",
  COUNT(*) AS "_denominator",
  COUNT(*) AS "_counted",
  COUNT(*) AS "_rows",
  COUNT(*) FILTER(WHERE
    NOT (
      COALESCE("f"."stream" IN ({p3: String}), FALSE)
    )
    OR (
      (
        COALESCE("f"."symptom_filled", FALSE)
      )
      AND (
        NOT (
          "f"."occurred_at" IS NULL
        )
      )
      AND (
        COALESCE("f"."scope_of_impact_filled", FALSE)
      )
      AND (
        (
          COALESCE("f"."systems_concerned" <> {p4: String}, FALSE)
        )
        OR (
          COALESCE("f"."system_module" <> {p4: String}, FALSE)
        )
      )
    )) AS "_part0",
  COUNT(*) FILTER(WHERE
    NOT (
      COALESCE("f"."stream" IN ({p5: String}), FALSE)
    )
    OR (
      (
        COALESCE("f"."service_item" <> {p4: String}, FALSE)
      )
      AND (
        COALESCE("f"."user" <> {p4: String}, FALSE)
      )
    )) AS "_part1",
  COUNT(*) FILTER(WHERE
    NOT (
      COALESCE("f"."stream" IN ({p6: String}), FALSE)
    )
    OR (
      COALESCE("f"."symptom_filled", FALSE)
    )
    OR (
      COALESCE("f"."title_filled", FALSE)
    )) AS "_part2",
  COUNT(*) FILTER(WHERE
    NOT (
      COALESCE("f"."stream" IN ({p7: String}), FALSE)
    )
    OR (
      (
        COALESCE("f"."symptom_filled", FALSE)
      )
      AND (
        (
          COALESCE("f"."related_incident_filled", FALSE)
        )
        OR (
          COALESCE("f"."configuration_item_filled", FALSE)
        )
      )
    )) AS "_part3",
  COUNT(*) FILTER(WHERE
    NOT (
      COALESCE("f"."stream" IN ({p8: String}, {p9: String}), FALSE)
    )
    OR (
      (
        COALESCE("f"."user" <> {p4: String}, FALSE)
      )
      AND (
        (
          COALESCE("f"."symptom_filled", FALSE)
        )
        OR (
          COALESCE("f"."title_filled", FALSE)
        )
      )
    )) AS "_part4"
FROM facts AS f
CROSS JOIN (
  SELECT
    0 AS n,
    {p0: Date32} AS since,
    {p1: Date32} AS until
  UNION ALL
  SELECT
    1 AS n,
    {p1: Date32} AS since,
    {p2: Date32} AS until
) AS period
WHERE
  (
    (
      "f"."submitted_at_day" >= period.since AND "f"."submitted_at_day" < period.until
    )
    AND (
      COALESCE("f"."stream" <> {p4: String}, FALSE)
    )
  )
  AND "f"."submitted_at" <= {p10: DateTime64(6, 'UTC')}
GROUP BY
  period.n
SETTINGS aggregate_functions_null_for_empty = 1, group_by_use_nulls = 1;
-- p0 = datetime.date(2026, 10, 1)
-- p1 = datetime.date(2026, 11, 1)
-- p2 = datetime.date(2026, 12, 1)
-- p3 = 'incident'
-- p4 = ''
-- p5 = 'service_request'
-- p6 = 'consultation'
-- p7 = 'problem'
-- p8 = 'complaint'
-- p9 = 'praise'
-- p10 = datetime.datetime(2026, 11, 22, 0, 0)

-- stakeholder_information_conveyed
SELECT
  period.n AS "period",
  CAST(COUNT(*) FILTER(WHERE
    (
      COALESCE("f"."rating" IN ({p3: String}), FALSE)
    )) AS Nullable(Float64)) / nullIf(
    CAST(COUNT(*) FILTER(WHERE
      (
        COALESCE("f"."rating" <> {p4: String}, FALSE)
      )) AS Nullable(Float64)),
    0
  ) AS "_value",
  COUNT(*) FILTER(WHERE
    (
      COALESCE("f"."rating" IN ({p3: String}), FALSE)
    )) AS "_numerator",
  COUNT(*) FILTER(WHERE
    (
      COALESCE("f"."rating" <> {p4: String}, FALSE)
    )) AS "_denominator",
  COUNT(*) FILTER(WHERE
    (
      COALESCE("f"."rating" <> {p4: String}, FALSE)
    )) AS "_counted",
  COUNT(*) AS "_rows"
FROM facts AS f
CROSS JOIN (
  SELECT
    0 AS n,
    {p0: Date32} AS since,
    {p1: Date32} AS until
  UNION ALL
  SELECT
    1 AS n,
    {p1: Date32} AS since,
    {p2: Date32} AS until
) AS period
WHERE
  (
    (
      "f"."answered_at_day" >= period.since AND "f"."answered_at_day" < period.until
    )
    AND (
      COALESCE("f"."question" IN ({p5: String}), FALSE)
    )
  )
  AND "f"."answered_at" <= {p6: DateTime64(6, 'UTC')}
GROUP BY
  period.n
SETTINGS aggregate_functions_null_for_empty = 1, group_by_use_nulls = 1;
-- p0 = datetime.date(2026, 10, 1)
-- p1 = datetime.date(2026, 11, 1)
-- p2 = datetime.date(2026, 12, 1)
-- p3 = 'satisfied'
-- p4 = ''
-- p5 = 'information_conveyed'
-- p6 = datetime.datetime(2026, 11, 22, 0, 0)

-- percentile_interpolated
SELECT
  period.n AS "period",
  "f"."service_item" AS "service_item",
  CAST(quantileExactInclusive(0.9)(CAST("f"."resolution_took" AS Nullable(Float64))) AS Nullable(Float64)) AS "_value",
  NULL AS "_numerator",
  NULL AS "_denominator",
  COUNT("f"."resolution_took") AS "_counted",
  COUNT(*) AS "_rows"
FROM facts AS f
CROSS JOIN (
  SELECT
    0 AS n,
    {p0: Date32} AS since,
    {p1: Date32} AS until
  UNION ALL
  SELECT
    1 AS n,
    {p1: Date32} AS since,
    {p2: Date32} AS until
) AS period
WHERE
  (
    "f"."submitted_at_day" >= period.since AND "f"."submitted_at_day" < period.until
  )
  AND "f"."submitted_at" <= {p3: DateTime64(6, 'UTC')}
GROUP BY
  period.n,
  "f"."service_item"
SETTINGS aggregate_functions_null_for_empty = 1, group_by_use_nulls = 1;
-- p0 = datetime.date(2026, 10, 1)
-- p1 = datetime.date(2026, 11, 1)
-- p2 = datetime.date(2026, 12, 1)
-- p3 = datetime.datetime(2026, 11, 22, 0, 0)

-- percentile_discrete
SELECT
  period.n AS "period",
  CAST(CASE
    WHEN COUNT(CAST("f"."resolution_took" AS Nullable(Float64))) > 0
    THEN arrayElementOrNull(
      arraySort(groupArray(CAST("f"."resolution_took" AS Nullable(Float64)))),
      toUInt64(
        CEIL(0.8999999999999998 * COUNT(CAST("f"."resolution_took" AS Nullable(Float64))))
      )
    )
  END AS Nullable(Float64)) AS "_value",
  NULL AS "_numerator",
  NULL AS "_denominator",
  COUNT("f"."resolution_took") AS "_counted",
  COUNT(*) AS "_rows"
FROM facts AS f
CROSS JOIN (
  SELECT
    0 AS n,
    {p0: Date32} AS since,
    {p1: Date32} AS until
  UNION ALL
  SELECT
    1 AS n,
    {p1: Date32} AS since,
    {p2: Date32} AS until
) AS period
WHERE
  (
    "f"."submitted_at_day" >= period.since AND "f"."submitted_at_day" < period.until
  )
  AND "f"."submitted_at" <= {p3: DateTime64(6, 'UTC')}
GROUP BY
  period.n
SETTINGS aggregate_functions_null_for_empty = 1, group_by_use_nulls = 1;
-- p0 = datetime.date(2026, 10, 1)
-- p1 = datetime.date(2026, 11, 1)
-- p2 = datetime.date(2026, 12, 1)
-- p3 = datetime.datetime(2026, 11, 22, 0, 0)

-- smallest
SELECT
  period.n AS "period",
  CAST(MIN("f"."resolution_took") AS Nullable(Float64)) AS "_value",
  NULL AS "_numerator",
  NULL AS "_denominator",
  COUNT("f"."resolution_took") AS "_counted",
  COUNT(*) AS "_rows"
FROM facts AS f
CROSS JOIN (
  SELECT
    0 AS n,
    {p0: Date32} AS since,
    {p1: Date32} AS until
  UNION ALL
  SELECT
    1 AS n,
    {p1: Date32} AS since,
    {p2: Date32} AS until
) AS period
WHERE
  (
    "f"."submitted_at_day" >= period.since AND "f"."submitted_at_day" < period.until
  )
  AND "f"."submitted_at" <= {p3: DateTime64(6, 'UTC')}
GROUP BY
  period.n
SETTINGS aggregate_functions_null_for_empty = 1, group_by_use_nulls = 1;
-- p0 = datetime.date(2026, 10, 1)
-- p1 = datetime.date(2026, 11, 1)
-- p2 = datetime.date(2026, 12, 1)
-- p3 = datetime.datetime(2026, 11, 22, 0, 0)

-- open_at_the_end
SELECT
  period.n AS "period",
  "f"."service_item" AS "service_item",
  CAST(COUNT(*) FILTER(WHERE
    NOT (
      COALESCE("f"."channel" IN ({p5: String}), FALSE)
    )) AS Nullable(Float64)) AS "_value",
  COUNT(*) FILTER(WHERE
    NOT (
      COALESCE("f"."channel" IN ({p5: String}), FALSE)
    )) AS "_numerator",
  NULL AS "_denominator",
  COUNT(*) FILTER(WHERE
    NOT (
      COALESCE("f"."channel" IN ({p5: String}), FALSE)
    )) AS "_counted",
  COUNT(*) AS "_rows"
FROM facts AS f
CROSS JOIN (
  SELECT
    0 AS n,
    {p0: Date32} AS since,
    {p1: Date32} AS until,
    {p3: DateTime64(6, 'UTC')} AS ends_at
  UNION ALL
  SELECT
    1 AS n,
    {p1: Date32} AS since,
    {p2: Date32} AS until,
    {p4: DateTime64(6, 'UTC')} AS ends_at
) AS period
WHERE
  LENGTH(arrayFilter(one -> one < period.ends_at, "f"."open_turns")) % 2 = 1
GROUP BY
  period.n,
  "f"."service_item"
SETTINGS aggregate_functions_null_for_empty = 1, group_by_use_nulls = 1;
-- p0 = datetime.date(2026, 10, 1)
-- p1 = datetime.date(2026, 11, 1)
-- p2 = datetime.date(2026, 12, 1)
-- p3 = datetime.datetime(2026, 10, 31, 16, 0)
-- p4 = datetime.datetime(2026, 11, 22, 0, 0, 0, 1)
-- p5 = 'phone'

-- share_of_sums
SELECT
  period.n AS "period",
  CAST(SUM(CAST("f"."waiting_took" AS Nullable(Int128))) AS Nullable(Float64)) / nullIf(CAST(SUM(CAST("f"."resolution_took" AS Nullable(Int128))) AS Nullable(Float64)), 0) AS "_value",
  CAST(SUM(CAST("f"."waiting_took" AS Nullable(Int128))) AS Nullable(Float64)) AS "_numerator",
  CAST(SUM(CAST("f"."resolution_took" AS Nullable(Int128))) AS Nullable(Float64)) AS "_denominator",
  COUNT("f"."resolution_took") AS "_counted",
  COUNT(*) AS "_rows"
FROM facts AS f
CROSS JOIN (
  SELECT
    0 AS n,
    {p0: Date32} AS since,
    {p1: Date32} AS until
  UNION ALL
  SELECT
    1 AS n,
    {p1: Date32} AS since,
    {p2: Date32} AS until
) AS period
WHERE
  (
    "f"."submitted_at_day" >= period.since AND "f"."submitted_at_day" < period.until
  )
  AND "f"."submitted_at" <= {p3: DateTime64(6, 'UTC')}
GROUP BY
  period.n
SETTINGS aggregate_functions_null_for_empty = 1, group_by_use_nulls = 1;
-- p0 = datetime.date(2026, 10, 1)
-- p1 = datetime.date(2026, 11, 1)
-- p2 = datetime.date(2026, 12, 1)
-- p3 = datetime.datetime(2026, 11, 22, 0, 0)

-- every_operator
SELECT
  period.n AS "period",
  CAST(COUNT(*) AS Nullable(Float64)) AS "_value",
  COUNT(*) AS "_numerator",
  NULL AS "_denominator",
  COUNT(*) AS "_counted",
  COUNT(*) AS "_rows"
FROM facts AS f
CROSS JOIN (
  SELECT
    0 AS n,
    {p0: Date32} AS since,
    {p1: Date32} AS until
  UNION ALL
  SELECT
    1 AS n,
    {p1: Date32} AS since,
    {p2: Date32} AS until
) AS period
WHERE
  (
    (
      "f"."submitted_at_day" >= period.since AND "f"."submitted_at_day" < period.until
    )
    AND (
      (
        COALESCE(has("f"."tags", {p3: String}), FALSE)
      )
      AND (
        (
          COALESCE(LENGTH("f"."tags") > 0, FALSE)
        )
        OR NOT (
          COALESCE("f"."channel" IN ({p4: String}), FALSE)
        )
      )
      AND NOT (
        COALESCE("f"."submitted_at" >= {p5: DateTime64(6, 'UTC')}, FALSE)
      )
      AND (
        COALESCE(NOT (
          "f"."returned"
        ), FALSE)
      )
      AND COALESCE("f"."resolution_took" <= {p6: Int64}, FALSE)
    )
  )
  AND "f"."submitted_at" <= {p7: DateTime64(6, 'UTC')}
GROUP BY
  period.n
SETTINGS aggregate_functions_null_for_empty = 1, group_by_use_nulls = 1;
-- p0 = datetime.date(2026, 10, 1)
-- p1 = datetime.date(2026, 11, 1)
-- p2 = datetime.date(2026, 12, 1)
-- p3 = 'first_line_support'
-- p4 = 'phone'
-- p5 = datetime.datetime(2026, 10, 31, 16, 0)
-- p6 = 14400
-- p7 = datetime.datetime(2026, 11, 22, 0, 0)

-- two in one reading, by channel
SELECT
  CASE
    WHEN "f"."submitted_at_day" < {p0: Date32}
    THEN CASE WHEN "f"."submitted_at_day" >= {p1: Date32} THEN 0 END
    WHEN "f"."submitted_at_day" < {p2: Date32}
    THEN CASE WHEN "f"."submitted_at_day" >= {p0: Date32} THEN 1 END
  END AS "period",
  "f"."channel" AS "channel",
  CAST(COUNT(*) AS Nullable(Float64)) AS "0_value",
  COUNT(*) AS "0_numerator",
  NULL AS "0_denominator",
  COUNT(*) AS "0_counted",
  COUNT(*) AS "0_rows",
  CAST(COUNT(*) FILTER(WHERE
    (
      COALESCE("f"."first_response_met", FALSE)
    )) AS Nullable(Float64)) / nullIf(
    CAST(COUNT(*) FILTER(WHERE
      (
        NOT (
          "f"."first_response_took" IS NULL
        )
      )) AS Nullable(Float64)),
    0
  ) AS "1_value",
  COUNT(*) FILTER(WHERE
    (
      COALESCE("f"."first_response_met", FALSE)
    )) AS "1_numerator",
  COUNT(*) FILTER(WHERE
    (
      NOT (
        "f"."first_response_took" IS NULL
      )
    )) AS "1_denominator",
  COUNT(*) FILTER(WHERE
    (
      NOT (
        "f"."first_response_took" IS NULL
      )
    )) AS "1_counted",
  COUNT(*) AS "1_rows"
FROM facts AS f
WHERE
  (
    "f"."submitted_at_day" >= {p1: Date32} AND "f"."submitted_at_day" < {p2: Date32}
  )
  AND "f"."submitted_at" <= {p3: DateTime64(6, 'UTC')}
GROUP BY
  CASE
    WHEN "f"."submitted_at_day" < {p0: Date32}
    THEN CASE WHEN "f"."submitted_at_day" >= {p1: Date32} THEN 0 END
    WHEN "f"."submitted_at_day" < {p2: Date32}
    THEN CASE WHEN "f"."submitted_at_day" >= {p0: Date32} THEN 1 END
  END,
  "f"."channel"
SETTINGS aggregate_functions_null_for_empty = 1, group_by_use_nulls = 1;
-- p0 = datetime.date(2026, 11, 1)
-- p1 = datetime.date(2026, 10, 1)
-- p2 = datetime.date(2026, 12, 1)
-- p3 = datetime.datetime(2026, 11, 22, 0, 0)

-- sub-totals by item, and the total
SELECT
  period.n AS "period",
  "f"."service_item" AS "service_item",
  "f"."channel" AS "channel",
  GROUPING("f"."service_item") AS "_total0",
  GROUPING("f"."channel") AS "_total1",
  CAST(COUNT(*) FILTER(WHERE
    (
      COALESCE("f"."first_response_met", FALSE)
    )) AS Nullable(Float64)) / nullIf(
    CAST(COUNT(*) FILTER(WHERE
      (
        NOT (
          "f"."first_response_took" IS NULL
        )
      )) AS Nullable(Float64)),
    0
  ) AS "_value",
  COUNT(*) FILTER(WHERE
    (
      COALESCE("f"."first_response_met", FALSE)
    )) AS "_numerator",
  COUNT(*) FILTER(WHERE
    (
      NOT (
        "f"."first_response_took" IS NULL
      )
    )) AS "_denominator",
  COUNT(*) FILTER(WHERE
    (
      NOT (
        "f"."first_response_took" IS NULL
      )
    )) AS "_counted",
  COUNT(*) AS "_rows"
FROM facts AS f
CROSS JOIN (
  SELECT
    0 AS n,
    {p0: Date32} AS since,
    {p1: Date32} AS until
  UNION ALL
  SELECT
    1 AS n,
    {p1: Date32} AS since,
    {p2: Date32} AS until
) AS period
WHERE
  (
    "f"."submitted_at_day" >= period.since AND "f"."submitted_at_day" < period.until
  )
  AND "f"."submitted_at" <= {p3: DateTime64(6, 'UTC')}
GROUP BY
  GROUPING SETS (
    (period.n, "f"."service_item", "f"."channel"),
    (period.n, "f"."service_item"),
    (period.n)
  )
SETTINGS aggregate_functions_null_for_empty = 1, group_by_use_nulls = 1;
-- p0 = datetime.date(2026, 10, 1)
-- p1 = datetime.date(2026, 11, 1)
-- p2 = datetime.date(2026, 12, 1)
-- p3 = datetime.datetime(2026, 11, 22, 0, 0)
