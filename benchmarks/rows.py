"""Rows as a site has them after a year, made by the database itself: almost everything has ended, a little is open."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection

BIG = ("leads_lead", "leads_searchjob", "leads_leadsearch", "enrow_webhooks_webhookevent")
_PER_JOB = 5000

# Two jobs in three thousand are open, one in fifty ended badly. A few keep a result aside, or come from elsewhere.
# Some have 5,000 leads, the others one.
_JOBS = """
INSERT INTO leads_searchjob
    (id, run, kind, state, enrow_id, country_code, overwrite, requested, found, credits_reserved, credits_cost,
     requested_by, attempts, checks, last_error, result_via, next_check_at, created_at, sent_at, finished_at,
     written_at, has_forgotten, refused, kept_aside, launched_elsewhere)
SELECT md5('job' || n)::uuid, md5('run' || n / 10)::uuid,
    CASE WHEN n %% 20 = 7 THEN 'find_phone' WHEN n %% 20 < 3 THEN 'verify_email' ELSE 'find_email' END, state,
    CASE WHEN state IN ('queued', 'held', 'cancelled') THEN '' ELSE md5('enrow' || n) END, '', false,
    CASE WHEN n %% {every} = 0 THEN {per_job} ELSE 1 END, CASE WHEN n %% {every} = 0 THEN {per_job} / 2 ELSE n %% 2 END,
    CASE WHEN n %% {every} = 0 THEN {per_job} ELSE 1 END, CASE WHEN ended THEN 1 END,
    'user' || n %% 7, 1, n %% 3, CASE WHEN state IN ('failed', 'expired', 'held') THEN 'It said no.' ELSE '' END,
    CASE WHEN state <> 'finished' THEN '' WHEN n %% 10 = 0 THEN 'poll' ELSE 'event' END,
    at + interval '1 minute', at, CASE WHEN state NOT IN ('queued', 'held', 'cancelled') THEN at END,
    CASE WHEN ended THEN at + interval '1 minute' END,
    CASE WHEN ended AND n < {jobs} - 10 THEN at + interval '1 minute' END, false, 0,
    CASE WHEN state = 'finished' AND n %% 1500 = 20 THEN 1 ELSE 0 END, n %% 100 = 30
FROM (
    SELECT n, now() - interval '1 year' * ({jobs} - n) / {jobs} AS at, state,
        state IN ('finished', 'failed', 'expired', 'cancelled') AS ended
    FROM (
        SELECT n, CASE
            WHEN n > {jobs} - {jobs} / 1500 THEN
                (ARRAY['running', 'sending', 'running', 'unconfirmed', 'held', 'finished'])[1 + n %% 6]
            WHEN n %% 50 = 9 THEN (ARRAY['failed', 'expired', 'cancelled'])[1 + n / 50 %% 3]
            ELSE 'finished' END AS state
        FROM generate_series(0, {jobs} - 1) AS n) AS numbered) AS timed
"""
_LEADS = """
INSERT INTO leads_lead
    (crm_id, firstname, lastname, fullname, company_name, company_domain, linkedin_url, country_code, email,
     email_status, email_checked_at, phone, phone_country, phone_status, phone_checked_at, created_at, updated_at)
SELECT 'crm-' || n, 'Ann' || n, 'Somebody', '', 'Firm ' || n / 5, 'firm' || n / 5 || '.com',
    'https://www.linkedin.com/in/ann' || n, 'fr',
    CASE WHEN n %% 100 < 65 THEN 'ann' || n || '@firm' || n / 5 || '.com' ELSE '' END,
    CASE WHEN n %% 100 < 60 THEN 'valid' WHEN n %% 100 < 64 THEN 'invalid' WHEN n %% 100 < 65 THEN 'failed'
        WHEN n %% 100 < 85 THEN 'not_found' ELSE '' END,
    CASE WHEN n %% 100 < 85 THEN at END,
    CASE WHEN n %% 100 < 5 THEN '+3361' || lpad(n::text, 7, '0') ELSE '' END,
    CASE WHEN n %% 100 < 5 THEN 'fr' ELSE '' END,
    CASE WHEN n %% 100 < 5 THEN 'found' WHEN n %% 100 < 9 THEN 'not_found' WHEN n %% 100 = 9 THEN 'failed' ELSE '' END,
    CASE WHEN n %% 100 < 10 THEN at END, at, at
FROM (
    SELECT n, now() - interval '1 year' * ({leads} - n) / {leads} AS at FROM generate_series(1, {leads}) AS n) AS timed
"""
_SEARCHES = """
INSERT INTO leads_leadsearch
    (job_id, model, crm_id, kind, position, fingerprint, outcome, value, country, value_before, effect, error)
SELECT id, 'leads.lead', 'crm-' || lead, kind,
    CASE WHEN place %% 50 < 49 THEN place END, md5(kind || lead)::uuid, outcome,
    CASE WHEN outcome = 'found' THEN 'ann' || lead || '@firm' || lead / 5 || '.com' ELSE '' END, '', '',
    CASE WHEN outcome IN ('pending', 'cancelled') THEN '' WHEN lead %% 1000 = 1 THEN 'orphan'
        WHEN lead %% 100 = 2 THEN 'kept' ELSE 'written' END,
    CASE WHEN outcome = 'error' THEN 'Enrow said no.' ELSE '' END
FROM (
    SELECT id, kind, place, lead, CASE
        WHEN state NOT IN ('finished', 'failed', 'expired', 'cancelled') THEN 'pending'
        WHEN state = 'cancelled' THEN 'cancelled' WHEN state <> 'finished' OR lead %% 200 = 3 THEN 'error'
        WHEN lead %% 100 < 62 THEN 'found' ELSE 'not_found' END AS outcome
    FROM (
        SELECT j.id, j.kind, j.state, place,
            1 + (('x' || substr(j.name, 1, 6))::bit(24)::int + place * 7919) %% {leads} AS lead
        FROM (SELECT id, kind, state, requested, md5(id::text) AS name FROM leads_searchjob ORDER BY created_at) AS j,
            generate_series(0, j.requested - 1) AS place) AS placed) AS told
ON CONFLICT DO NOTHING
"""
# Bodies are there for the last month, and for those that nobody has pruned yet.
_EVENTS = """
INSERT INTO enrow_webhooks_webhookevent
    (event, enrow_id, reference, payload, state, deliveries, attempts, next_attempt_at, last_error, received_at,
     processed_at)
SELECT CASE WHEN n %% 20 = 7 THEN 'single_phone_search_finished' WHEN n %% 500 = 1 THEN 'unreadable'
        ELSE 'single_search_finished' END,
    md5('enrow' || n), CASE WHEN n %% 10 > 0 THEN md5('job' || n)::uuid::text ELSE '' END,
    CASE WHEN n > {jobs} - {jobs} / 12 OR n < {unpruned}
        THEN '{{"id": "' || repeat(md5(n::text), 12) || '"}}' ELSE '' END,
    state, 1, 1, at, CASE WHEN state IN ('dead', 'failed') THEN 'It cannot be read.' ELSE '' END, at,
    CASE WHEN state IN ('processed', 'ignored') THEN at END
FROM (
    SELECT n, now() - interval '1 year' * ({jobs} - n) / {jobs} AS at,
        CASE WHEN n %% 2000 = 5 THEN 'dead' WHEN n > {jobs} - 20 THEN (ARRAY['received', 'failed'])[1 + n %% 2]
            WHEN n %% 40 = 2 THEN 'ignored' ELSE 'processed' END AS state
    FROM generate_series(0, {jobs} - 1) AS n) AS timed
"""
_READING = "INSERT INTO leads_accountreading (credits, taken_at) VALUES (1000, now() - interval '1 week')"


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How many rows there are. There is a search job for each event; the jobs of 5,000 leads make up the searches."""

    leads: int
    searches: int
    events: int

    @property
    def bulk_jobs(self) -> int:
        """How many jobs have 5,000 leads."""
        return max(1, (self.searches - self.events) // _PER_JOB)


def fill(size: Size) -> None:
    """Fill the empty tables of this connection's database, and let it look at what it has."""
    words = {
        "jobs": size.events, "leads": size.leads, "every": size.events // size.bulk_jobs, "per_job": _PER_JOB,
        "unpruned": min(1500, size.events // 100),
    }  # fmt: skip
    with connection.cursor() as cursor:
        for statement in (_LEADS, _JOBS, _SEARCHES, _EVENTS, _READING):
            cursor.execute(statement.format(**words), [])
        analyze()


def analyze() -> None:
    """Let the planner know the big tables."""
    with connection.cursor() as cursor:
        for table in BIG:
            cursor.execute(f"ANALYZE {table}")


def vacuum() -> None:
    """Do what autovacuum would have done by then; not inside a transaction."""
    with connection.cursor() as cursor:
        cursor.execute(f"VACUUM (ANALYZE) {', '.join(BIG)}")
