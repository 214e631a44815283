"""The addresses of the API: ``path("api/leads/", include("leads.api.urls"))``."""

from __future__ import annotations

from django.urls import path

from leads.api.base import served
from leads.api.views.account import CreditsView, HealthView
from leads.api.views.estimates import EstimateView
from leads.api.views.jobs import JobGiveUpView, JobListView, JobResendView, JobResumeView, JobRetryView, JobView
from leads.api.views.leads import LeadListView, LeadView, ModelListView
from leads.api.views.progress import ProgressView
from leads.api.views.runs import (
    RunCancelView,
    RunListView,
    RunPauseView,
    RunResumeView,
    RunSearchesView,
    RunView,
)

app_name = "leads_api"
urlpatterns = [
    path("models/", served(ModelListView), name="models"),
    path("models/<str:model>/leads/", served(LeadListView), name="leads"),
    # A crm_id may have slashes.
    path("models/<str:model>/leads/<path:crm_id>/", served(LeadView), name="lead"),
    path("estimates/", served(EstimateView), name="estimates"),
    path("runs/", served(RunListView), name="runs"),
    path("runs/<uuid:pk>/", served(RunView), name="run"),
    path("runs/<uuid:pk>/progress/", served(ProgressView), name="progress"),
    path("runs/<uuid:pk>/searches/", served(RunSearchesView), name="searches"),
    path("runs/<uuid:pk>/pause/", served(RunPauseView), name="pause"),
    path("runs/<uuid:pk>/resume/", served(RunResumeView), name="resume"),
    path("runs/<uuid:pk>/cancel/", served(RunCancelView), name="cancel"),
    path("jobs/", served(JobListView), name="jobs"),
    path("jobs/<uuid:pk>/", served(JobView), name="job"),
    path("jobs/<uuid:pk>/resume/", served(JobResumeView), name="job-resume"),
    path("jobs/<uuid:pk>/give-up/", served(JobGiveUpView), name="job-give-up"),
    path("jobs/<uuid:pk>/resend/", served(JobResendView), name="job-resend"),
    path("jobs/<uuid:pk>/retry/", served(JobRetryView), name="job-retry"),
    path("credits/", served(CreditsView), name="credits"),
    path("health/", served(HealthView), name="health"),
]
