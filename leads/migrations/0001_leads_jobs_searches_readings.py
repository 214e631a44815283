import django.db.models.deletion
import django.utils.timezone
import uuid
from decimal import Decimal
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='AccountReading',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('credits', models.DecimalField(blank=True, decimal_places=2, help_text='Blank: Enrow did not say.', max_digits=14, null=True, verbose_name='credits')),
                ('taken_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='taken at')),
            ],
            options={
                'verbose_name': 'account reading',
                'verbose_name_plural': 'account readings',
                'ordering': ['-taken_at'],
                'indexes': [models.Index(fields=['-taken_at'], name='leads_reading_taken_at')],
            },
        ),
        migrations.CreateModel(
            name='Home',
            fields=[
                ('id', models.PositiveSmallIntegerField(default=1, editable=False, primary_key=True, serialize=False)),
                ('database', models.CharField(blank=True, help_text='What the server or the file says of itself.', max_length=100, verbose_name='database')),
                ('environment', models.CharField(blank=True, max_length=100, verbose_name='environment')),
                ('since', models.DateTimeField(default=django.utils.timezone.now, verbose_name='since')),
            ],
            options={
                'verbose_name': 'home',
                'verbose_name_plural': 'homes',
                'constraints': [models.CheckConstraint(condition=models.Q(('id', 1)), name='leads_home_once')],
            },
        ),
        migrations.CreateModel(
            name='Lead',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('crm_id', models.CharField(blank=True, help_text='The id that travels to Enrow and back. Made up when left blank.', max_length=128, unique=True, verbose_name='CRM id')),
                ('firstname', models.CharField(blank=True, max_length=200, verbose_name='first name')),
                ('lastname', models.CharField(blank=True, max_length=200, verbose_name='last name')),
                ('fullname', models.CharField(blank=True, help_text='Used when first or last name is blank.', max_length=400, verbose_name='full name')),
                ('company_name', models.CharField(blank=True, max_length=300, verbose_name='company name')),
                ('company_domain', models.CharField(blank=True, max_length=300, verbose_name='company domain')),
                ('linkedin_url', models.CharField(blank=True, max_length=500, verbose_name='LinkedIn profile')),
                ('country_code', models.CharField(blank=True, help_text='ISO 3166-1 alpha-2.', max_length=2, verbose_name='country')),
                ('email', models.CharField(blank=True, max_length=254, verbose_name='e-mail')),
                ('email_status', models.CharField(blank=True, choices=[('', 'never tried'), ('valid', 'valid'), ('invalid', 'invalid'), ('not_found', 'nothing found'), ('failed', 'failed')], max_length=10, verbose_name='e-mail status')),
                ('email_checked_at', models.DateTimeField(blank=True, null=True, verbose_name='e-mail checked at')),
                ('phone', models.CharField(blank=True, help_text='E.164, like +15705551234.', max_length=32, verbose_name='phone')),
                ('phone_country', models.CharField(blank=True, max_length=2, verbose_name='phone country')),
                ('phone_status', models.CharField(blank=True, choices=[('', 'never tried'), ('found', 'found'), ('not_found', 'nothing found'), ('failed', 'failed')], max_length=10, verbose_name='phone status')),
                ('phone_checked_at', models.DateTimeField(blank=True, null=True, verbose_name='phone checked at')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created at')),
                ('updated_at', models.DateTimeField(auto_now=True, verbose_name='updated at')),
            ],
            options={
                'verbose_name': 'lead',
                'verbose_name_plural': 'leads',
                'ordering': ['id'],
                'indexes': [models.Index(fields=['email'], name='leads_lead_email'), models.Index(fields=['company_domain'], name='leads_lead_company_domain'), models.Index(fields=['-updated_at', '-id'], name='leads_lead_updated_at'), models.Index(fields=['email_status', 'id'], name='leads_lead_email_status'), models.Index(fields=['phone_status', 'id'], name='leads_lead_phone_status')],
                'constraints': [models.CheckConstraint(condition=models.Q(('crm_id', ''), _negated=True), name='leads_lead_has_crm_id')],
            },
        ),
        migrations.CreateModel(
            name='LeadEnrichment',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('model', models.CharField(max_length=100, verbose_name='model')),
                ('key', models.CharField(max_length=128, verbose_name='key')),
                ('email', models.CharField(blank=True, help_text='What the status is about.', max_length=254, verbose_name='e-mail')),
                ('email_status', models.CharField(blank=True, choices=[('', 'never tried'), ('valid', 'valid'), ('invalid', 'invalid'), ('not_found', 'nothing found'), ('failed', 'failed')], max_length=10, verbose_name='e-mail status')),
                ('email_checked_at', models.DateTimeField(blank=True, null=True, verbose_name='e-mail checked at')),
                ('email_inputs', models.UUIDField(blank=True, editable=False, null=True)),
                ('phone', models.CharField(blank=True, help_text='What the status is about.', max_length=254, verbose_name='phone')),
                ('phone_country', models.CharField(blank=True, max_length=2, verbose_name='phone country')),
                ('phone_status', models.CharField(blank=True, choices=[('', 'never tried'), ('found', 'found'), ('not_found', 'nothing found'), ('failed', 'failed')], max_length=10, verbose_name='phone status')),
                ('phone_checked_at', models.DateTimeField(blank=True, null=True, verbose_name='phone checked at')),
                ('phone_inputs', models.UUIDField(blank=True, editable=False, null=True)),
            ],
            options={
                'verbose_name': 'lead enrichment',
                'verbose_name_plural': 'lead enrichments',
                'ordering': ['-id'],
                'indexes': [models.Index(fields=['model', 'email_status'], name='leads_enrichment_email'), models.Index(fields=['model', 'email_checked_at'], name='leads_enrichment_email_at'), models.Index(fields=['model', 'phone_status'], name='leads_enrichment_phone'), models.Index(fields=['model', 'phone_checked_at'], name='leads_enrichment_phone_at')],
                'constraints': [models.UniqueConstraint(fields=('key', 'model'), name='leads_enrichment_of_lead')],
            },
        ),
        migrations.CreateModel(
            name='SearchJob',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('run', models.UUIDField(help_text='Ties the jobs of one call of enrich().', verbose_name='run')),
                ('part_of', models.UUIDField(blank=True, help_text='The job whose batch Enrow refused, without saying for which row; each part is sent alone.', null=True, verbose_name='part of')),
                ('kind', models.CharField(choices=[('find_email', 'find e-mail'), ('verify_email', 'verify e-mail'), ('find_phone', 'find phone')], max_length=12, verbose_name='kind')),
                ('state', models.CharField(choices=[('queued', 'queued'), ('sending', 'sending'), ('running', 'running'), ('finished', 'finished'), ('failed', 'failed'), ('expired', 'expired: nothing came by the deadline'), ('unconfirmed', 'unconfirmed: sent, the answer was lost'), ('held', 'held'), ('cancelled', 'cancelled')], default='queued', max_length=12, verbose_name='state')),
                ('enrow_id', models.CharField(blank=True, help_text='Opaque text; blank until Enrow answered.', max_length=128, verbose_name='Enrow id')),
                ('country_code', models.CharField(blank=True, help_text='Where company names are looked up.', max_length=2, verbose_name='country')),
                ('overwrite', models.BooleanField(default=False, help_text='Replace the value that the lead had at search time.', verbose_name='overwrite')),
                ('requested', models.PositiveIntegerField(default=0, help_text='Leads that are paid for; others may share or reuse a search.', verbose_name='searches')),
                ('found', models.PositiveIntegerField(default=0, help_text='Of the searches that are paid for.', verbose_name='found')),
                ('refused', models.PositiveIntegerField(default=0, help_text='Leads that the database did not let us write.', verbose_name='refused')),
                ('kept_aside', models.PositiveIntegerField(default=0, help_text='Results that fit no lead of the job and wait for a person. Until then its failed are not bought.', verbose_name='kept aside')),
                ('credits_reserved', models.DecimalField(decimal_places=2, default=Decimal('0'), max_digits=12, verbose_name='credits reserved')),
                ('credits_cost', models.DecimalField(blank=True, decimal_places=2, max_digits=12, null=True, verbose_name='credits cost')),
                ('requested_by', models.CharField(blank=True, max_length=150, verbose_name='requested by')),
                ('launched_elsewhere', models.BooleanField(default=False, help_text="By Enrow's dashboard or another tool: it explains the balance and counts against no limit of ours.", verbose_name='launched elsewhere')),
                ('attempts', models.PositiveSmallIntegerField(default=0, verbose_name='attempts to send')),
                ('checks', models.PositiveSmallIntegerField(default=0, verbose_name='checks')),
                ('last_error', models.CharField(blank=True, max_length=500, verbose_name='last error')),
                ('result_via', models.CharField(blank=True, choices=[('webhook', 'webhook'), ('poll', 'polling')], max_length=8, verbose_name='result via')),
                ('next_check_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='next check at')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='created at')),
                ('sent_at', models.DateTimeField(blank=True, null=True, verbose_name='sent at')),
                ('finished_at', models.DateTimeField(blank=True, null=True, verbose_name='finished at')),
                ('written_at', models.DateTimeField(blank=True, help_text='When the results reached the leads.', null=True, verbose_name='written at')),
                ('has_forgotten', models.BooleanField(default=False, help_text='Somebody of it was forgotten: a result that fits nobody any more is not kept.', verbose_name='has forgotten')),
            ],
            options={
                'verbose_name': 'search job',
                'verbose_name_plural': 'search jobs',
                'ordering': ['-created_at'],
                'indexes': [models.Index(fields=['-created_at'], name='leads_job_created'), models.Index(fields=['state', '-created_at'], name='leads_job_state'), models.Index(fields=['kind', '-created_at', '-id'], name='leads_job_kind'), models.Index(fields=['requested_by', '-created_at', '-id'], name='leads_job_requested_by'), models.Index(fields=['sent_at'], name='leads_job_sent'), models.Index(fields=['-finished_at'], name='leads_job_finished'), models.Index(fields=['run'], name='leads_job_run'), models.Index(fields=['enrow_id'], name='leads_job_enrow_id'), models.Index(condition=models.Q(('part_of__isnull', False)), fields=['part_of'], name='leads_job_part_of'), models.Index(condition=models.Q(('refused__gt', 0)), fields=['-created_at'], name='leads_job_refused'), models.Index(condition=models.Q(('kept_aside__gt', 0)), fields=['-created_at'], name='leads_job_kept_aside'), models.Index(condition=models.Q(('state__in', ['queued', 'sending', 'running', 'held'])), fields=['next_check_at'], name='leads_job_due'), models.Index(condition=models.Q(('state__in', ['finished', 'failed', 'expired', 'cancelled']), ('written_at__isnull', True)), fields=['created_at'], name='leads_job_unwritten')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('enrow_id', ''), _negated=True), fields=('kind', 'enrow_id'), name='leads_job_enrow_id_once')],
            },
        ),
        migrations.CreateModel(
            name='LeadSearch',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('model', models.CharField(blank=True, help_text="Label of the lead's model; blank: fits no lead.", max_length=100, verbose_name='model')),
                ('crm_id', models.CharField(max_length=128, verbose_name='CRM id')),
                ('sent_as', models.CharField(blank=True, db_default='', default='', help_text='The CRM id that Enrow was told, where its lead was merged into another since; blank: the same.', max_length=128, verbose_name='sent as')),
                ('kind', models.CharField(choices=[('find_email', 'find e-mail'), ('verify_email', 'verify e-mail'), ('find_phone', 'find phone')], max_length=12, verbose_name='kind')),
                ('position', models.PositiveIntegerField(blank=True, help_text='Place in the POST; blank: not sent.', null=True, verbose_name='position')),
                ('fingerprint', models.UUIDField(blank=True, help_text='128-bit name of the inputs.', null=True, verbose_name='fingerprint')),
                ('inputs', models.UUIDField(blank=True, help_text="128-bit digest of the lead's inputs as they were; blank: nothing to compare.", null=True, verbose_name='inputs')),
                ('asked_at', models.DateTimeField(blank=True, help_text='When Enrow was asked, for a result that was reused; blank: when the job was sent.', null=True, verbose_name='asked at')),
                ('outcome', models.CharField(choices=[('pending', 'pending'), ('found', 'found'), ('not_found', 'nothing found'), ('error', 'error'), ('unusable', 'bought, but not usable'), ('cancelled', 'cancelled')], default='pending', max_length=10, verbose_name='outcome')),
                ('value', models.CharField(blank=True, max_length=254, verbose_name='value')),
                ('country', models.CharField(blank=True, max_length=2, verbose_name='country')),
                ('value_before', models.CharField(blank=True, help_text='What the lead had at search time.', max_length=254, verbose_name='value before')),
                ('effect', models.CharField(blank=True, choices=[('', 'not written yet'), ('written', 'written'), ('kept', 'kept what the lead had'), ('stale', 'a newer search had been written'), ('orphan', 'no such lead'), ('changed', 'the lead changed meanwhile'), ('aside', 'kept aside: fits no search of its job'), ('dropped', 'kept aside, then dropped by a person'), ('erased', 'its lead was forgotten'), ('refused', "the lead's table refused it")], max_length=8, verbose_name='effect')),
                ('error', models.CharField(blank=True, max_length=300, verbose_name='error')),
                ('job', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='searches', to='leads.searchjob', verbose_name='job')),
            ],
            options={
                'verbose_name': 'lead search',
                'verbose_name_plural': 'lead searches',
                'ordering': ['-id'],
                'indexes': [models.Index(fields=['job', 'position'], name='leads_search_job'), models.Index(fields=['crm_id', '-id'], name='leads_search_crm_id'), models.Index(condition=models.Q(('sent_as', ''), _negated=True), fields=['sent_as'], name='leads_search_sent_as'), models.Index(condition=models.Q(('position__isnull', False)), fields=['fingerprint', 'kind'], name='leads_search_bought'), models.Index(condition=models.Q(('outcome__in', ['error', 'unusable', 'cancelled'])), fields=['outcome', '-id'], name='leads_search_trouble')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('outcome', 'pending')), fields=('crm_id', 'kind', 'sent_as'), name='leads_search_one_pending'), models.UniqueConstraint(condition=models.Q(('outcome', 'pending'), ('position__isnull', False)), fields=('fingerprint', 'kind'), name='leads_search_one_purchase')],
            },
        ),
    ]
