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
  (1, CAST($p1 AS DATE), CAST($p2 AS DATE))) AS period(n, since, until)
  ON "f"."submitted_at_day" >= period.since AND "f"."submitted_at_day" < period.until
WHERE
  "f"."submitted_at" <= $p3
GROUP BY
  period.n;
-- p0 = datetime.date(2026, 10, 1)
-- p1 = datetime.date(2026, 11, 1)
-- p2 = datetime.date(2026, 12, 1)
-- p3 = datetime.datetime(2026, 11, 22, 0, 0)

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
  (1, CAST($p1 AS DATE), CAST($p2 AS DATE))) AS period(n, since, until)
  ON "f"."submitted_at_day" >= period.since AND "f"."submitted_at_day" < period.until
WHERE
  (
    (
      "f"."status" IN ($p3)
    ) IS TRUE
  ) AND "f"."submitted_at" <= $p4
GROUP BY
  period.n;
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
  (1, CAST($p1 AS DATE), CAST($p2 AS DATE))) AS period(n, since, until)
  ON "f"."submitted_at_day" >= period.since AND "f"."submitted_at_day" < period.until
WHERE
  (
    (
      "f"."status" IN ($p3)
    ) IS TRUE
  ) AND "f"."submitted_at" <= $p4
GROUP BY
  period.n;
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
      (
        "f"."first_response_met"
      ) IS TRUE
    )) AS DOUBLE) / NULLIF(
    CAST(COUNT(*) FILTER(WHERE
      (
        NOT "f"."first_response_took" IS NULL
      )) AS DOUBLE),
    0
  ) AS "_value",
  COUNT(*) FILTER(WHERE
    (
      (
        "f"."first_response_met"
      ) IS TRUE
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
  (1, CAST($p1 AS DATE), CAST($p2 AS DATE))) AS period(n, since, until)
  ON "f"."submitted_at_day" >= period.since AND "f"."submitted_at_day" < period.until
WHERE
  "f"."submitted_at" <= $p3
GROUP BY
  period.n;
-- p0 = datetime.date(2026, 10, 1)
-- p1 = datetime.date(2026, 11, 1)
-- p2 = datetime.date(2026, 12, 1)
-- p3 = datetime.datetime(2026, 11, 22, 0, 0)

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
  (1, CAST($p1 AS DATE), CAST($p2 AS DATE))) AS period(n, since, until)
  ON "f"."submitted_at_day" >= period.since AND "f"."submitted_at_day" < period.until
WHERE
  "f"."submitted_at" <= $p3
GROUP BY
  period.n;
-- p0 = datetime.date(2026, 10, 1)
-- p1 = datetime.date(2026, 11, 1)
-- p2 = datetime.date(2026, 12, 1)
-- p3 = datetime.datetime(2026, 11, 22, 0, 0)

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
  (1, CAST($p1 AS DATE), CAST($p2 AS DATE))) AS period(n, since, until)
  ON "f"."submitted_at_day" >= period.since AND "f"."submitted_at_day" < period.until
WHERE
  "f"."submitted_at" <= $p3
GROUP BY
  period.n;
-- p0 = datetime.date(2026, 10, 1)
-- p1 = datetime.date(2026, 11, 1)
-- p2 = datetime.date(2026, 12, 1)
-- p3 = datetime.datetime(2026, 11, 22, 0, 0)

-- resolution_rate
SELECT
  period.n AS "period",
  CAST(COUNT(*) FILTER(WHERE
    (
      (
        "f"."status" IN ($p3)
      ) IS TRUE
    )
    AND (
      (
        "f"."solved_at_desk"
      ) IS TRUE
    )) AS DOUBLE) / NULLIF(CAST(COUNT(*) AS DOUBLE), 0) AS "_value",
  COUNT(*) FILTER(WHERE
    (
      (
        "f"."status" IN ($p3)
      ) IS TRUE
    )
    AND (
      (
        "f"."solved_at_desk"
      ) IS TRUE
    )) AS "_numerator",
  COUNT(*) AS "_denominator",
  COUNT(*) AS "_counted",
  COUNT(*) AS "_rows"
FROM facts AS f
JOIN (VALUES
  (0, CAST($p0 AS DATE), CAST($p1 AS DATE)),
  (1, CAST($p1 AS DATE), CAST($p2 AS DATE))) AS period(n, since, until)
  ON "f"."submitted_at_day" >= period.since AND "f"."submitted_at_day" < period.until
WHERE
  "f"."submitted_at" <= $p4
GROUP BY
  period.n;
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
      (
        NOT (
          "f"."answered"
        )
      ) IS TRUE
    )
    AND (
      "f"."ring_time" > $p3
    ) IS TRUE) AS DOUBLE) / NULLIF(CAST(COUNT(*) AS DOUBLE), 0) AS "_value",
  COUNT(*) FILTER(WHERE
    (
      (
        NOT (
          "f"."answered"
        )
      ) IS TRUE
    )
    AND (
      "f"."ring_time" > $p3
    ) IS TRUE) AS "_numerator",
  COUNT(*) AS "_denominator",
  COUNT(*) AS "_counted",
  COUNT(*) AS "_rows"
FROM facts AS f
JOIN (VALUES
  (0, CAST($p0 AS DATE), CAST($p1 AS DATE)),
  (1, CAST($p1 AS DATE), CAST($p2 AS DATE))) AS period(n, since, until)
  ON "f"."contact_at_day" >= period.since AND "f"."contact_at_day" < period.until
WHERE
  (
    NOT "f"."ring_time" IS NULL
  ) AND "f"."contact_at" <= $p4
GROUP BY
  period.n;
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
      (
        "f"."user_satisfaction" IN ($p3)
      ) IS TRUE
    )) AS DOUBLE) / NULLIF(
    CAST(COUNT(*) FILTER(WHERE
      (
        (
          "f"."user_satisfaction" <> $p4
        ) IS TRUE
      )) AS DOUBLE),
    0
  ) AS "_value",
  COUNT(*) FILTER(WHERE
    (
      (
        "f"."user_satisfaction" IN ($p3)
      ) IS TRUE
    )) AS "_numerator",
  COUNT(*) FILTER(WHERE
    (
      (
        "f"."user_satisfaction" <> $p4
      ) IS TRUE
    )) AS "_denominator",
  COUNT(*) FILTER(WHERE
    (
      (
        "f"."user_satisfaction" <> $p4
      ) IS TRUE
    )) AS "_counted",
  COUNT(*) AS "_rows"
FROM facts AS f
JOIN (VALUES
  (0, CAST($p0 AS DATE), CAST($p1 AS DATE)),
  (1, CAST($p1 AS DATE), CAST($p2 AS DATE))) AS period(n, since, until)
  ON "f"."submitted_at_day" >= period.since AND "f"."submitted_at_day" < period.until
WHERE
  "f"."submitted_at" <= $p5
GROUP BY
  period.n;
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
      (
        "f"."title_filled"
      ) IS TRUE
    )
    AND (
      (
        "f"."symptom_filled"
      ) IS TRUE
    )) + COUNT(*) FILTER(WHERE
    (
      (
        "f"."user" <> $p3
      ) IS TRUE
    )
    AND (
      (
        "f"."channel" <> $p3
      ) IS TRUE
    )) + COUNT(*) FILTER(WHERE
    (
      (
        "f"."email_filled"
      ) IS TRUE
    )
    OR (
      (
        "f"."contact_phone_filled"
      ) IS TRUE
    )) + COUNT(*) FILTER(WHERE
    (
      (
        "f"."first_response_met"
      ) IS TRUE
    )) + COUNT(*) FILTER(WHERE
    NOT (
      (
        (
          "f"."returned"
        ) IS TRUE
      )
      OR (
        (
          "f"."misclassified"
        ) IS TRUE
      )
      OR (
        (
          "f"."reclassified"
        ) IS TRUE
      )
    )) + COUNT(*) FILTER(WHERE
    (
      (
        "f"."service_item" <> $p3
      ) IS TRUE
    )
    OR (
      (
        "f"."classification" <> $p3
      ) IS TRUE
    )) + COUNT(*) FILTER(WHERE
    (
      NOT "f"."occurred_at" IS NULL
    )
    OR (
      (
        "f"."systems_concerned" <> $p3
      ) IS TRUE
    )
    OR (
      (
        "f"."system_module" <> $p3
      ) IS TRUE
    )) + COUNT(*) FILTER(WHERE
    (
      (
        "f"."stream" <> $p3
      ) IS TRUE
    )
    AND (
      (
        "f"."problem_category" <> $p3
      ) IS TRUE
    )
    AND (
      (
        "f"."solution_filled"
      ) IS TRUE
    )) AS DOUBLE) / NULLIF(CAST(COUNT(*) * 8 AS DOUBLE), 0) AS "_value",
  COUNT(*) FILTER(WHERE
    (
      (
        "f"."title_filled"
      ) IS TRUE
    )
    AND (
      (
        "f"."symptom_filled"
      ) IS TRUE
    )) + COUNT(*) FILTER(WHERE
    (
      (
        "f"."user" <> $p3
      ) IS TRUE
    )
    AND (
      (
        "f"."channel" <> $p3
      ) IS TRUE
    )) + COUNT(*) FILTER(WHERE
    (
      (
        "f"."email_filled"
      ) IS TRUE
    )
    OR (
      (
        "f"."contact_phone_filled"
      ) IS TRUE
    )) + COUNT(*) FILTER(WHERE
    (
      (
        "f"."first_response_met"
      ) IS TRUE
    )) + COUNT(*) FILTER(WHERE
    NOT (
      (
        (
          "f"."returned"
        ) IS TRUE
      )
      OR (
        (
          "f"."misclassified"
        ) IS TRUE
      )
      OR (
        (
          "f"."reclassified"
        ) IS TRUE
      )
    )) + COUNT(*) FILTER(WHERE
    (
      (
        "f"."service_item" <> $p3
      ) IS TRUE
    )
    OR (
      (
        "f"."classification" <> $p3
      ) IS TRUE
    )) + COUNT(*) FILTER(WHERE
    (
      NOT "f"."occurred_at" IS NULL
    )
    OR (
      (
        "f"."systems_concerned" <> $p3
      ) IS TRUE
    )
    OR (
      (
        "f"."system_module" <> $p3
      ) IS TRUE
    )) + COUNT(*) FILTER(WHERE
    (
      (
        "f"."stream" <> $p3
      ) IS TRUE
    )
    AND (
      (
        "f"."problem_category" <> $p3
      ) IS TRUE
    )
    AND (
      (
        "f"."solution_filled"
      ) IS TRUE
    )) AS "_numerator",
  COUNT(*) * 8 AS "_denominator",
  COUNT(*) AS "_counted",
  COUNT(*) AS "_rows",
  COUNT(*) FILTER(WHERE
    (
      (
        "f"."title_filled"
      ) IS TRUE
    )
    AND (
      (
        "f"."symptom_filled"
      ) IS TRUE
    )) AS "_part0",
  COUNT(*) FILTER(WHERE
    (
      (
        "f"."user" <> $p3
      ) IS TRUE
    )
    AND (
      (
        "f"."channel" <> $p3
      ) IS TRUE
    )) AS "_part1",
  COUNT(*) FILTER(WHERE
    (
      (
        "f"."email_filled"
      ) IS TRUE
    )
    OR (
      (
        "f"."contact_phone_filled"
      ) IS TRUE
    )) AS "_part2",
  COUNT(*) FILTER(WHERE
    (
      (
        "f"."first_response_met"
      ) IS TRUE
    )) AS "_part3",
  COUNT(*) FILTER(WHERE
    NOT (
      (
        (
          "f"."returned"
        ) IS TRUE
      )
      OR (
        (
          "f"."misclassified"
        ) IS TRUE
      )
      OR (
        (
          "f"."reclassified"
        ) IS TRUE
      )
    )) AS "_part4",
  COUNT(*) FILTER(WHERE
    (
      (
        "f"."service_item" <> $p3
      ) IS TRUE
    )
    OR (
      (
        "f"."classification" <> $p3
      ) IS TRUE
    )) AS "_part5",
  COUNT(*) FILTER(WHERE
    (
      NOT "f"."occurred_at" IS NULL
    )
    OR (
      (
        "f"."systems_concerned" <> $p3
      ) IS TRUE
    )
    OR (
      (
        "f"."system_module" <> $p3
      ) IS TRUE
    )) AS "_part6",
  COUNT(*) FILTER(WHERE
    (
      (
        "f"."stream" <> $p3
      ) IS TRUE
    )
    AND (
      (
        "f"."problem_category" <> $p3
      ) IS TRUE
    )
    AND (
      (
        "f"."solution_filled"
      ) IS TRUE
    )) AS "_part7"
FROM facts AS f
JOIN (VALUES
  (0, CAST($p0 AS DATE), CAST($p1 AS DATE)),
  (1, CAST($p1 AS DATE), CAST($p2 AS DATE))) AS period(n, since, until)
  ON "f"."submitted_at_day" >= period.since AND "f"."submitted_at_day" < period.until
WHERE
  (
    (
      "f"."status" IN ($p4, $p5)
    ) IS TRUE
  ) AND "f"."submitted_at" <= $p6
GROUP BY
  period.n;
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
  CAST(SUM("f"."convenience") AS DOUBLE) / NULLIF(CAST(COUNT("f"."convenience") AS DOUBLE), 0) AS "_value",
  CAST(SUM("f"."convenience") AS DOUBLE) AS "_numerator",
  COUNT("f"."convenience") AS "_denominator",
  COUNT("f"."convenience") AS "_counted",
  COUNT(*) AS "_rows"
FROM facts AS f
JOIN (VALUES
  (0, CAST($p0 AS DATE), CAST($p1 AS DATE)),
  (1, CAST($p1 AS DATE), CAST($p2 AS DATE))) AS period(n, since, until)
  ON COALESCE("f"."rated_on" < period.until, TRUE)
WHERE
  COALESCE("f"."rated_on" <= $p3, TRUE)
GROUP BY
  period.n;
-- p0 = datetime.date(2026, 10, 1)
-- p1 = datetime.date(2026, 11, 1)
-- p2 = datetime.date(2026, 12, 1)
-- p3 = datetime.date(2026, 11, 22)

-- stakeholder_information_quality
SELECT
  period.n AS "period",
  CAST(COUNT(*) FILTER(WHERE
    (
      (
        "f"."rating" IN ($p3)
      ) IS TRUE
    )) AS DOUBLE) / NULLIF(
    CAST(COUNT(*) FILTER(WHERE
      (
        (
          "f"."rating" <> $p4
        ) IS TRUE
      )) AS DOUBLE),
    0
  ) AS "_value",
  COUNT(*) FILTER(WHERE
    (
      (
        "f"."rating" IN ($p3)
      ) IS TRUE
    )) AS "_numerator",
  COUNT(*) FILTER(WHERE
    (
      (
        "f"."rating" <> $p4
      ) IS TRUE
    )) AS "_denominator",
  COUNT(*) FILTER(WHERE
    (
      (
        "f"."rating" <> $p4
      ) IS TRUE
    )) AS "_counted",
  COUNT(*) AS "_rows"
FROM facts AS f
JOIN (VALUES
  (0, CAST($p0 AS DATE), CAST($p1 AS DATE)),
  (1, CAST($p1 AS DATE), CAST($p2 AS DATE))) AS period(n, since, until)
  ON "f"."answered_at_day" >= period.since AND "f"."answered_at_day" < period.until
WHERE
  (
    (
      "f"."question" IN ($p5)
    ) IS TRUE
  ) AND "f"."answered_at" <= $p6
GROUP BY
  period.n;
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
      (
        "f"."rating" IN ($p3)
      ) IS TRUE
    )) AS DOUBLE) / NULLIF(
    CAST(COUNT(*) FILTER(WHERE
      (
        (
          "f"."rating" <> $p4
        ) IS TRUE
      )) AS DOUBLE),
    0
  ) AS "_value",
  COUNT(*) FILTER(WHERE
    (
      (
        "f"."rating" IN ($p3)
      ) IS TRUE
    )) AS "_numerator",
  COUNT(*) FILTER(WHERE
    (
      (
        "f"."rating" <> $p4
      ) IS TRUE
    )) AS "_denominator",
  COUNT(*) FILTER(WHERE
    (
      (
        "f"."rating" <> $p4
      ) IS TRUE
    )) AS "_counted",
  COUNT(*) AS "_rows"
FROM facts AS f
JOIN (VALUES
  (0, CAST($p0 AS DATE), CAST($p1 AS DATE)),
  (1, CAST($p1 AS DATE), CAST($p2 AS DATE))) AS period(n, since, until)
  ON "f"."answered_at_day" >= period.since AND "f"."answered_at_day" < period.until
WHERE
  (
    (
      "f"."question" IN ($p5)
    ) IS TRUE
  ) AND "f"."answered_at" <= $p6
GROUP BY
  period.n;
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
  CAST(COUNT(*) AS DOUBLE) AS "_value",
  COUNT(*) AS "_numerator",
  NULL AS "_denominator",
  COUNT(*) AS "_counted",
  COUNT(*) AS "_rows"
FROM facts AS f
JOIN (VALUES
  (0, CAST($p0 AS DATE), CAST($p1 AS DATE)),
  (1, CAST($p1 AS DATE), CAST($p2 AS DATE))) AS period(n, since, until)
  ON "f"."contact_at_day" >= period.since AND "f"."contact_at_day" < period.until
WHERE
  "f"."contact_at" <= $p3
GROUP BY
  period.n;
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
        (
          "f"."resolved"
        ) IS TRUE
      )
      OR (
        NOT (
          NOT "f"."resolved" IS NULL
        )
        AND (
          (
            "f"."inquiry_status" IN ($p3, $p4)
          ) IS TRUE
        )
      )
    )) AS DOUBLE) / NULLIF(CAST(COUNT(*) AS DOUBLE), 0) AS "_value",
  COUNT(*) FILTER(WHERE
    NOT (
      (
        (
          "f"."resolved"
        ) IS TRUE
      )
      OR (
        NOT (
          NOT "f"."resolved" IS NULL
        )
        AND (
          (
            "f"."inquiry_status" IN ($p3, $p4)
          ) IS TRUE
        )
      )
    )) AS "_numerator",
  COUNT(*) AS "_denominator",
  COUNT(*) AS "_counted",
  COUNT(*) AS "_rows"
FROM facts AS f
JOIN (VALUES
  (0, CAST($p0 AS DATE), CAST($p1 AS DATE)),
  (1, CAST($p1 AS DATE), CAST($p2 AS DATE))) AS period(n, since, until)
  ON "f"."contact_at_day" >= period.since AND "f"."contact_at_day" < period.until
WHERE
  "f"."contact_at" <= $p5
GROUP BY
  period.n;
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
      NOT "f"."talk_time" IS NULL
    )
    AND (
      (
        "f"."content_filled"
      ) IS TRUE
    )) AS DOUBLE) / NULLIF(CAST(COUNT(*) AS DOUBLE), 0) AS "_value",
  COUNT(*) FILTER(WHERE
    (
      NOT "f"."talk_time" IS NULL
    )
    AND (
      (
        "f"."content_filled"
      ) IS TRUE
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
      (
        "f"."content_filled"
      ) IS TRUE
    )) AS "_part1"
FROM facts AS f
JOIN (VALUES
  (0, CAST($p0 AS DATE), CAST($p1 AS DATE)),
  (1, CAST($p1 AS DATE), CAST($p2 AS DATE))) AS period(n, since, until)
  ON "f"."contact_at_day" >= period.since AND "f"."contact_at_day" < period.until
WHERE
  (
    (
      "f"."answered"
    ) IS TRUE
  ) AND "f"."contact_at" <= $p3
GROUP BY
  period.n;
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
      (
        "f"."returned"
      ) IS TRUE
    )
    OR (
      (
        "f"."misclassified"
      ) IS TRUE
    )
    OR (
      (
        "f"."reclassified"
      ) IS TRUE
    )) AS DOUBLE) AS "_value",
  COUNT(*) FILTER(WHERE
    (
      (
        "f"."returned"
      ) IS TRUE
    )
    OR (
      (
        "f"."misclassified"
      ) IS TRUE
    )
    OR (
      (
        "f"."reclassified"
      ) IS TRUE
    )) AS "_numerator",
  NULL AS "_denominator",
  COUNT(*) FILTER(WHERE
    (
      (
        "f"."returned"
      ) IS TRUE
    )
    OR (
      (
        "f"."misclassified"
      ) IS TRUE
    )
    OR (
      (
        "f"."reclassified"
      ) IS TRUE
    )) AS "_counted",
  COUNT(*) AS "_rows"
FROM facts AS f
JOIN (VALUES
  (0, CAST($p0 AS DATE), CAST($p1 AS DATE)),
  (1, CAST($p1 AS DATE), CAST($p2 AS DATE))) AS period(n, since, until)
  ON "f"."submitted_at_day" >= period.since AND "f"."submitted_at_day" < period.until
WHERE
  "f"."submitted_at" <= $p3
GROUP BY
  period.n;
-- p0 = datetime.date(2026, 10, 1)
-- p1 = datetime.date(2026, 11, 1)
-- p2 = datetime.date(2026, 12, 1)
-- p3 = datetime.datetime(2026, 11, 22, 0, 0)

-- misclassified_share
SELECT
  period.n AS "period",
  CAST(COUNT(*) FILTER(WHERE
    (
      (
        "f"."returned"
      ) IS TRUE
    )
    OR (
      (
        "f"."misclassified"
      ) IS TRUE
    )
    OR (
      (
        "f"."reclassified"
      ) IS TRUE
    )) AS DOUBLE) / NULLIF(CAST(COUNT(*) AS DOUBLE), 0) AS "_value",
  COUNT(*) FILTER(WHERE
    (
      (
        "f"."returned"
      ) IS TRUE
    )
    OR (
      (
        "f"."misclassified"
      ) IS TRUE
    )
    OR (
      (
        "f"."reclassified"
      ) IS TRUE
    )) AS "_numerator",
  COUNT(*) AS "_denominator",
  COUNT(*) AS "_counted",
  COUNT(*) AS "_rows"
FROM facts AS f
JOIN (VALUES
  (0, CAST($p0 AS DATE), CAST($p1 AS DATE)),
  (1, CAST($p1 AS DATE), CAST($p2 AS DATE))) AS period(n, since, until)
  ON "f"."submitted_at_day" >= period.since AND "f"."submitted_at_day" < period.until
WHERE
  "f"."submitted_at" <= $p3
GROUP BY
  period.n;
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
        (
          "f"."stream" IN ($p3)
        ) IS TRUE
      )
      OR (
        (
          (
            "f"."symptom_filled"
          ) IS TRUE
        )
        AND (
          NOT "f"."occurred_at" IS NULL
        )
        AND (
          (
            "f"."scope_of_impact_filled"
          ) IS TRUE
        )
        AND (
          (
            (
              "f"."systems_concerned" <> $p4
            ) IS TRUE
          )
          OR (
            (
              "f"."system_module" <> $p4
            ) IS TRUE
          )
        )
      )
    )
    AND (
      NOT (
        (
          "f"."stream" IN ($p5)
        ) IS TRUE
      )
      OR (
        (
          (
            "f"."service_item" <> $p4
          ) IS TRUE
        )
        AND (
          (
            "f"."user" <> $p4
          ) IS TRUE
        )
      )
    )
    AND (
      NOT (
        (
          "f"."stream" IN ($p6)
        ) IS TRUE
      )
      OR (
        (
          "f"."symptom_filled"
        ) IS TRUE
      )
      OR (
        (
          "f"."title_filled"
        ) IS TRUE
      )
    )
    AND (
      NOT (
        (
          "f"."stream" IN ($p7)
        ) IS TRUE
      )
      OR (
        (
          (
            "f"."symptom_filled"
          ) IS TRUE
        )
        AND (
          (
            (
              "f"."related_incident_filled"
            ) IS TRUE
          )
          OR (
            (
              "f"."configuration_item_filled"
            ) IS TRUE
          )
        )
      )
    )
    AND (
      NOT (
        (
          "f"."stream" IN ($p8, $p9)
        ) IS TRUE
      )
      OR (
        (
          (
            "f"."user" <> $p4
          ) IS TRUE
        )
        AND (
          (
            (
              "f"."symptom_filled"
            ) IS TRUE
          )
          OR (
            (
              "f"."title_filled"
            ) IS TRUE
          )
        )
      )
    )) AS DOUBLE) / NULLIF(CAST(COUNT(*) AS DOUBLE), 0) AS "_value",
  COUNT(*) FILTER(WHERE
    (
      NOT (
        (
          "f"."stream" IN ($p3)
        ) IS TRUE
      )
      OR (
        (
          (
            "f"."symptom_filled"
          ) IS TRUE
        )
        AND (
          NOT "f"."occurred_at" IS NULL
        )
        AND (
          (
            "f"."scope_of_impact_filled"
          ) IS TRUE
        )
        AND (
          (
            (
              "f"."systems_concerned" <> $p4
            ) IS TRUE
          )
          OR (
            (
              "f"."system_module" <> $p4
            ) IS TRUE
          )
        )
      )
    )
    AND (
      NOT (
        (
          "f"."stream" IN ($p5)
        ) IS TRUE
      )
      OR (
        (
          (
            "f"."service_item" <> $p4
          ) IS TRUE
        )
        AND (
          (
            "f"."user" <> $p4
          ) IS TRUE
        )
      )
    )
    AND (
      NOT (
        (
          "f"."stream" IN ($p6)
        ) IS TRUE
      )
      OR (
        (
          "f"."symptom_filled"
        ) IS TRUE
      )
      OR (
        (
          "f"."title_filled"
        ) IS TRUE
      )
    )
    AND (
      NOT (
        (
          "f"."stream" IN ($p7)
        ) IS TRUE
      )
      OR (
        (
          (
            "f"."symptom_filled"
          ) IS TRUE
        )
        AND (
          (
            (
              "f"."related_incident_filled"
            ) IS TRUE
          )
          OR (
            (
              "f"."configuration_item_filled"
            ) IS TRUE
          )
        )
      )
    )
    AND (
      NOT (
        (
          "f"."stream" IN ($p8, $p9)
        ) IS TRUE
      )
      OR (
        (
          (
            "f"."user" <> $p4
          ) IS TRUE
        )
        AND (
          (
            (
              "f"."symptom_filled"
            ) IS TRUE
          )
          OR (
            (
              "f"."title_filled"
            ) IS TRUE
          )
        )
      )
    )) AS "_numerator",
  COUNT(*) AS "_denominator",
  COUNT(*) AS "_counted",
  COUNT(*) AS "_rows",
  COUNT(*) FILTER(WHERE
    NOT (
      (
        "f"."stream" IN ($p3)
      ) IS TRUE
    )
    OR (
      (
        (
          "f"."symptom_filled"
        ) IS TRUE
      )
      AND (
        NOT "f"."occurred_at" IS NULL
      )
      AND (
        (
          "f"."scope_of_impact_filled"
        ) IS TRUE
      )
      AND (
        (
          (
            "f"."systems_concerned" <> $p4
          ) IS TRUE
        )
        OR (
          (
            "f"."system_module" <> $p4
          ) IS TRUE
        )
      )
    )) AS "_part0",
  COUNT(*) FILTER(WHERE
    NOT (
      (
        "f"."stream" IN ($p5)
      ) IS TRUE
    )
    OR (
      (
        (
          "f"."service_item" <> $p4
        ) IS TRUE
      )
      AND (
        (
          "f"."user" <> $p4
        ) IS TRUE
      )
    )) AS "_part1",
  COUNT(*) FILTER(WHERE
    NOT (
      (
        "f"."stream" IN ($p6)
      ) IS TRUE
    )
    OR (
      (
        "f"."symptom_filled"
      ) IS TRUE
    )
    OR (
      (
        "f"."title_filled"
      ) IS TRUE
    )) AS "_part2",
  COUNT(*) FILTER(WHERE
    NOT (
      (
        "f"."stream" IN ($p7)
      ) IS TRUE
    )
    OR (
      (
        (
          "f"."symptom_filled"
        ) IS TRUE
      )
      AND (
        (
          (
            "f"."related_incident_filled"
          ) IS TRUE
        )
        OR (
          (
            "f"."configuration_item_filled"
          ) IS TRUE
        )
      )
    )) AS "_part3",
  COUNT(*) FILTER(WHERE
    NOT (
      (
        "f"."stream" IN ($p8, $p9)
      ) IS TRUE
    )
    OR (
      (
        (
          "f"."user" <> $p4
        ) IS TRUE
      )
      AND (
        (
          (
            "f"."symptom_filled"
          ) IS TRUE
        )
        OR (
          (
            "f"."title_filled"
          ) IS TRUE
        )
      )
    )) AS "_part4"
FROM facts AS f
JOIN (VALUES
  (0, CAST($p0 AS DATE), CAST($p1 AS DATE)),
  (1, CAST($p1 AS DATE), CAST($p2 AS DATE))) AS period(n, since, until)
  ON "f"."submitted_at_day" >= period.since AND "f"."submitted_at_day" < period.until
WHERE
  (
    (
      "f"."stream" <> $p4
    ) IS TRUE
  ) AND "f"."submitted_at" <= $p10
GROUP BY
  period.n;
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
      (
        "f"."rating" IN ($p3)
      ) IS TRUE
    )) AS DOUBLE) / NULLIF(
    CAST(COUNT(*) FILTER(WHERE
      (
        (
          "f"."rating" <> $p4
        ) IS TRUE
      )) AS DOUBLE),
    0
  ) AS "_value",
  COUNT(*) FILTER(WHERE
    (
      (
        "f"."rating" IN ($p3)
      ) IS TRUE
    )) AS "_numerator",
  COUNT(*) FILTER(WHERE
    (
      (
        "f"."rating" <> $p4
      ) IS TRUE
    )) AS "_denominator",
  COUNT(*) FILTER(WHERE
    (
      (
        "f"."rating" <> $p4
      ) IS TRUE
    )) AS "_counted",
  COUNT(*) AS "_rows"
FROM facts AS f
JOIN (VALUES
  (0, CAST($p0 AS DATE), CAST($p1 AS DATE)),
  (1, CAST($p1 AS DATE), CAST($p2 AS DATE))) AS period(n, since, until)
  ON "f"."answered_at_day" >= period.since AND "f"."answered_at_day" < period.until
WHERE
  (
    (
      "f"."question" IN ($p5)
    ) IS TRUE
  ) AND "f"."answered_at" <= $p6
GROUP BY
  period.n;
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
  (1, CAST($p1 AS DATE), CAST($p2 AS DATE))) AS period(n, since, until)
  ON "f"."submitted_at_day" >= period.since AND "f"."submitted_at_day" < period.until
WHERE
  "f"."submitted_at" <= $p3
GROUP BY
  period.n,
  "f"."service_item";
-- p0 = datetime.date(2026, 10, 1)
-- p1 = datetime.date(2026, 11, 1)
-- p2 = datetime.date(2026, 12, 1)
-- p3 = datetime.datetime(2026, 11, 22, 0, 0)

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
  (1, CAST($p1 AS DATE), CAST($p2 AS DATE))) AS period(n, since, until)
  ON "f"."submitted_at_day" >= period.since AND "f"."submitted_at_day" < period.until
WHERE
  "f"."submitted_at" <= $p3
GROUP BY
  period.n;
-- p0 = datetime.date(2026, 10, 1)
-- p1 = datetime.date(2026, 11, 1)
-- p2 = datetime.date(2026, 12, 1)
-- p3 = datetime.datetime(2026, 11, 22, 0, 0)

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
  (1, CAST($p1 AS DATE), CAST($p2 AS DATE))) AS period(n, since, until)
  ON "f"."submitted_at_day" >= period.since AND "f"."submitted_at_day" < period.until
WHERE
  "f"."submitted_at" <= $p3
GROUP BY
  period.n;
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
      (
        "f"."channel" IN ($p5)
      ) IS TRUE
    )) AS DOUBLE) AS "_value",
  COUNT(*) FILTER(WHERE
    NOT (
      (
        "f"."channel" IN ($p5)
      ) IS TRUE
    )) AS "_numerator",
  NULL AS "_denominator",
  COUNT(*) FILTER(WHERE
    NOT (
      (
        "f"."channel" IN ($p5)
      ) IS TRUE
    )) AS "_counted",
  COUNT(*) AS "_rows"
FROM facts AS f
JOIN (VALUES
  (0, CAST($p0 AS DATE), CAST($p1 AS DATE), CAST($p3 AS TIMESTAMP)),
  (1, CAST($p1 AS DATE), CAST($p2 AS DATE), CAST($p4 AS TIMESTAMP))) AS period(n, since, until, ends_at)
  ON ARRAY_LENGTH(LIST_FILTER("f"."open_turns", LAMBDA one : one < period.ends_at)) % 2 = 1
GROUP BY
  period.n,
  "f"."service_item";
-- p0 = datetime.date(2026, 10, 1)
-- p1 = datetime.date(2026, 11, 1)
-- p2 = datetime.date(2026, 12, 1)
-- p3 = datetime.datetime(2026, 10, 31, 16, 0)
-- p4 = datetime.datetime(2026, 11, 22, 0, 0, 0, 1)
-- p5 = 'phone'

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
  (1, CAST($p1 AS DATE), CAST($p2 AS DATE))) AS period(n, since, until)
  ON "f"."submitted_at_day" >= period.since AND "f"."submitted_at_day" < period.until
WHERE
  "f"."submitted_at" <= $p3
GROUP BY
  period.n;
-- p0 = datetime.date(2026, 10, 1)
-- p1 = datetime.date(2026, 11, 1)
-- p2 = datetime.date(2026, 12, 1)
-- p3 = datetime.datetime(2026, 11, 22, 0, 0)

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
  (1, CAST($p1 AS DATE), CAST($p2 AS DATE))) AS period(n, since, until)
  ON "f"."submitted_at_day" >= period.since AND "f"."submitted_at_day" < period.until
WHERE
  (
    (
      (
        ARRAY_CONTAINS("f"."tags", CAST($p3 AS TEXT))
      ) IS TRUE
    )
    AND (
      (
        (
          ARRAY_LENGTH("f"."tags") > 0
        ) IS TRUE
      )
      OR NOT (
        (
          "f"."channel" IN ($p4)
        ) IS TRUE
      )
    )
    AND NOT (
      (
        "f"."submitted_at" >= $p5
      ) IS TRUE
    )
    AND (
      (
        NOT (
          "f"."returned"
        )
      ) IS TRUE
    )
    AND (
      "f"."resolution_took" <= $p6
    ) IS TRUE
  )
  AND "f"."submitted_at" <= $p7
GROUP BY
  period.n;
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
    WHEN "f"."submitted_at_day" < CAST($p0 AS DATE)
    THEN CASE WHEN "f"."submitted_at_day" >= CAST($p1 AS DATE) THEN 0 END
    WHEN "f"."submitted_at_day" < CAST($p2 AS DATE)
    THEN CASE WHEN "f"."submitted_at_day" >= CAST($p0 AS DATE) THEN 1 END
  END AS "period",
  "f"."channel" AS "channel",
  CAST(COUNT(*) AS DOUBLE) AS "0_value",
  COUNT(*) AS "0_numerator",
  NULL AS "0_denominator",
  COUNT(*) AS "0_counted",
  COUNT(*) AS "0_rows",
  CAST(COUNT_IF("f"."_0") AS DOUBLE) / NULLIF(CAST(COUNT_IF("f"."_1") AS DOUBLE), 0) AS "1_value",
  COUNT_IF("f"."_0") AS "1_numerator",
  COUNT_IF("f"."_1") AS "1_denominator",
  COUNT_IF("f"."_1") AS "1_counted",
  COUNT(*) AS "1_rows"
FROM (
  SELECT
    "f"."channel",
    "f"."submitted_at_day",
    (
      (
        "f"."first_response_met"
      ) IS TRUE
    ) AS "_0",
    (
      NOT "f"."first_response_took" IS NULL
    ) AS "_1"
  FROM facts AS f
  WHERE
    (
      "f"."submitted_at_day" >= CAST($p1 AS DATE)
      AND "f"."submitted_at_day" < CAST($p2 AS DATE)
    )
    AND "f"."submitted_at" <= $p3
) AS f
GROUP BY
  CASE
    WHEN "f"."submitted_at_day" < CAST($p0 AS DATE)
    THEN CASE WHEN "f"."submitted_at_day" >= CAST($p1 AS DATE) THEN 0 END
    WHEN "f"."submitted_at_day" < CAST($p2 AS DATE)
    THEN CASE WHEN "f"."submitted_at_day" >= CAST($p0 AS DATE) THEN 1 END
  END,
  "f"."channel";
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
      (
        "f"."first_response_met"
      ) IS TRUE
    )) AS DOUBLE) / NULLIF(
    CAST(COUNT(*) FILTER(WHERE
      (
        NOT "f"."first_response_took" IS NULL
      )) AS DOUBLE),
    0
  ) AS "_value",
  COUNT(*) FILTER(WHERE
    (
      (
        "f"."first_response_met"
      ) IS TRUE
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
  (1, CAST($p1 AS DATE), CAST($p2 AS DATE))) AS period(n, since, until)
  ON "f"."submitted_at_day" >= period.since AND "f"."submitted_at_day" < period.until
WHERE
  "f"."submitted_at" <= $p3
GROUP BY
  GROUPING SETS (
    (period.n, "f"."service_item", "f"."channel"),
    (period.n, "f"."service_item"),
    (period.n)
  );
-- p0 = datetime.date(2026, 10, 1)
-- p1 = datetime.date(2026, 11, 1)
-- p2 = datetime.date(2026, 12, 1)
-- p3 = datetime.datetime(2026, 11, 22, 0, 0)
