CREATE VIEW v_revisions AS SELECT
  r.article_id AS article_id,
  r.number AS number,
  r.seen_at AS seen_at,
  r.superseded_at AS superseded_at,
  r.reason AS reason,
  r.url AS url,
  r.headline AS headline,
  r.alternative_headline AS alternative_headline,
  r.byline AS byline,
  r.modified_at AS modified_at,
  r.word_count AS word_count,
  r.text_from AS text_from,
  r.summary AS summary,
  r.body_text AS body_text,
  r.content_hash AS content_hash
FROM (
  SELECT article_id, number, seen_at, superseded_at, reason, url, headline,
    alternative_headline, byline, modified_at, word_count, text_from, summary, body_text,
    content_hash
  FROM revision
  UNION ALL
  SELECT a.id, a.revision, coalesce(a.revised_at, a.first_seen_at), NULL, NULL, a.url,
    a.headline, a.alternative_headline, a.byline, a.modified_at, a.word_count, a.text_from,
    c.summary, c.body_text, a.content_hash
  FROM article AS a LEFT JOIN article_content AS c ON c.article_id = a.id
) AS r;

CREATE VIEW v_sightings AS SELECT
  s.feed_id AS feed_id,
  f.name AS feed,
  s.article_id AS article_id,
  CASE s.outcome WHEN 1 THEN 'new' WHEN 2 THEN 'revised' WHEN 3 THEN 'unchanged' WHEN 4 THEN 'filtered' WHEN 5 THEN 'invalid' END AS outcome,
  s.reason AS reason,
  s.first_seen_at AS first_seen_at,
  coalesce(s.last_seen_at, fs.last_success_at, s.first_seen_at) AS last_seen_at,
  s.last_seen_at IS NULL AS is_in_feed
FROM sighting AS s
JOIN feed AS f ON f.id = s.feed_id
JOIN feed_schedule AS fs ON fs.feed_id = s.feed_id;
