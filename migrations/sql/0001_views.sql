CREATE VIEW v_articles AS SELECT
  a.id AS id,
  p.name AS publisher,
  a.url AS url,
  a.canonical_url AS canonical_url,
  a.headline AS headline,
  a.alternative_headline AS alternative_headline,
  a.byline AS byline,
  a.authors AS authors,
  a.dateline AS dateline,
  a.source_agency AS source_agency,
  a.source_agency_found_in AS source_agency_found_in,
  a.language AS language,
  c.summary AS summary,
  c.body_text AS body_text,
  c.body_html AS body_html,
  a.word_count AS word_count,
  a.text_from AS text_from,
  a.image_url AS image_url,
  a.image_caption AS image_caption,
  a.image_credit AS image_credit,
  a.image_alt AS image_alt,
  a.media AS media,
  a.sections AS sections,
  a.tags AS tags,
  a.published_at AS published_at,
  a.modified_at AS modified_at,
  a.published_raw AS published_raw,
  a.published_quality AS published_quality,
  a.first_seen_at AS first_seen_at,
  (SELECT max(coalesce(s.last_seen_at, fs.last_success_at, s.first_seen_at)) FROM sighting AS s JOIN feed_schedule AS fs ON fs.feed_id = s.feed_id WHERE s.article_id = a.id) AS last_seen_at,
  a.content_hash AS content_hash,
  sa.story_id AS story_id
FROM article AS a
JOIN publisher AS p ON p.id = a.publisher_id
LEFT JOIN article_content AS c ON c.article_id = a.id
LEFT JOIN story_article AS sa ON sa.article_id = a.id;

CREATE VIEW v_stories AS SELECT
  s.id AS story_id,
  f.headline AS headline,
  p.name AS first_publisher,
  s.first_article_id AS first_article_id,
  f.first_seen_after AS first_seen_after,
  f.first_seen_at AS first_seen_before,
  s.first_published_at AS first_published_at,
  (SELECT max(coalesce(s2.last_seen_at, fs.last_success_at, s2.first_seen_at)) FROM story_article AS m JOIN sighting AS s2 ON s2.article_id = m.article_id JOIN feed_schedule AS fs ON fs.feed_id = s2.feed_id WHERE m.story_id = s.id) AS last_seen_at,
  s.articles AS articles,
  s.publishers AS publishers,
  s.fullest_article_id AS fullest_article_id,
  s.source_agency AS source_agency,
  f.language AS language
FROM story AS s
LEFT JOIN article AS f ON f.id = s.first_article_id
LEFT JOIN publisher AS p ON p.id = f.publisher_id
WHERE s.merged_into_id IS NULL;

CREATE VIEW v_matches AS SELECT
  m.article_id AS article_id,
  m.of_article_id AS of_article_id,
  sa.story_id AS story_id,
  m.relation AS relation,
  m.resemblance AS resemblance,
  m.containment AS containment,
  m.containment_of AS containment_of,
  m.shared_weight AS shared_weight,
  m.rule AS rule,
  m.gap_seconds AS gap_seconds,
  m.fingerprint_version AS fingerprint_version,
  m.decided_at AS decided_at
FROM match AS m
LEFT JOIN story_article AS sa ON sa.article_id = m.article_id;

CREATE VIEW v_feeds AS SELECT
  f.id AS feed_id,
  f.name AS name,
  f.url AS url,
  p.name AS publisher,
  si.name AS site,
  f.title AS title,
  f.site_url AS site_url,
  f.format AS format,
  f.language AS language,
  f.source AS source,
  f.added_at AS added_at,
  fs.state AS state,
  fs.state_since AS state_since,
  fs.state_evidence AS state_evidence,
  fs.failures AS failures,
  fs.next_poll_at AS next_poll_at,
  fs.interval_seconds AS interval_seconds,
  fs.last_poll_at AS last_poll_at,
  CASE fs.last_outcome WHEN 1 THEN 'ok' WHEN 2 THEN 'not_modified' WHEN 3 THEN 'same_bytes' WHEN 4 THEN 'gone' WHEN 5 THEN 'rate_limited' WHEN 6 THEN 'blocked' WHEN 7 THEN 'client_error' WHEN 8 THEN 'server_error' WHEN 9 THEN 'name_error' WHEN 10 THEN 'connect_error' WHEN 11 THEN 'timeout' WHEN 12 THEN 'too_large' WHEN 13 THEN 'redirect_error' WHEN 14 THEN 'refused' WHEN 15 THEN 'protocol_error' WHEN 16 THEN 'not_a_feed' WHEN 17 THEN 'parse_failed' WHEN 18 THEN 'own_outage' END AS last_outcome,
  fs.last_success_at AS last_success_at,
  fs.last_news_at AS last_news_at,
  CASE WHEN fs.interval_seconds > 0 THEN 86400.0 / fs.interval_seconds END AS polls_per_day,
  CASE WHEN fs.usual_hours > 0 THEN 24.0 * fs.usual_news / fs.usual_hours END AS news_per_day
FROM feed AS f
JOIN feed_schedule AS fs ON fs.feed_id = f.id
JOIN publisher AS p ON p.id = f.publisher_id
JOIN site AS si ON si.id = f.site_id
WHERE f.removed_at IS NULL;

CREATE VIEW v_polls AS SELECT
  o.feed_id AS feed_id,
  f.name AS feed,
  o.started_at AS started_at,
  CASE o.outcome WHEN 1 THEN 'ok' WHEN 2 THEN 'not_modified' WHEN 3 THEN 'same_bytes' WHEN 4 THEN 'gone' WHEN 5 THEN 'rate_limited' WHEN 6 THEN 'blocked' WHEN 7 THEN 'client_error' WHEN 8 THEN 'server_error' WHEN 9 THEN 'name_error' WHEN 10 THEN 'connect_error' WHEN 11 THEN 'timeout' WHEN 12 THEN 'too_large' WHEN 13 THEN 'redirect_error' WHEN 14 THEN 'refused' WHEN 15 THEN 'protocol_error' WHEN 16 THEN 'not_a_feed' WHEN 17 THEN 'parse_failed' WHEN 18 THEN 'own_outage' END AS outcome,
  o.status AS status,
  o.elapsed_seconds AS elapsed_seconds,
  o.received_bytes AS received_bytes,
  o.entries AS entries,
  o.entries_new AS entries_new,
  o.entries_revised AS entries_revised,
  o.entries_unchanged AS entries_unchanged,
  o.entries_filtered AS entries_filtered,
  o.entries_invalid AS entries_invalid,
  o.interval_seconds AS interval_seconds,
  o.possible_gap AS possible_gap,
  o.was_full AS was_full,
  o.detail AS detail
FROM poll AS o
JOIN feed AS f ON f.id = o.feed_id;
