import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='Heartbeat',
            fields=[
                ('name', models.CharField(max_length=32, primary_key=True, serialize=False, verbose_name='name')),
                ('at', models.DateTimeField(verbose_name='at')),
                ('next_place', models.BigIntegerField(db_default=0, default=0, help_text='Where a thing that is done piece by piece goes on.', verbose_name='next place')),
            ],
            options={
                'verbose_name': 'heartbeat',
                'verbose_name_plural': 'heartbeats',
            },
        ),
        migrations.CreateModel(
            name='Rejection',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('hour', models.DateTimeField(verbose_name='hour')),
                ('reason', models.CharField(choices=[('stranger', 'wrong token'), ('unreadable', 'unreadable'), ('too_large', 'too large'), ('not_stored', 'could not be stored'), ('contradicts', 'reference and content disagree')], max_length=12, verbose_name='reason')),
                ('count', models.PositiveBigIntegerField(default=0, verbose_name='count')),
                ('last_at', models.DateTimeField(verbose_name='last at')),
            ],
            options={
                'verbose_name': 'rejection',
                'verbose_name_plural': 'rejections',
                'constraints': [models.UniqueConstraint(fields=('hour', 'reason'), name='enrow_rejection_once')],
            },
        ),
        migrations.CreateModel(
            name='WebhookEvent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('event', models.CharField(max_length=64, verbose_name='event')),
                ('enrow_id', models.CharField(max_length=128, verbose_name='Enrow id')),
                ('reference', models.CharField(blank=True, help_text='The search job that the URL was signed for; blank when the event came by a shared secret.', max_length=64, verbose_name='reference')),
                ('payload', models.TextField(blank=True, help_text='The body as it came; blank once pruned.', verbose_name='payload')),
                ('state', models.CharField(choices=[('received', 'received'), ('processed', 'processed'), ('ignored', 'ignored'), ('failed', 'failed, will be tried again'), ('dead', 'dead, needs a person')], default='received', max_length=10, verbose_name='state')),
                ('deliveries', models.PositiveIntegerField(default=1, verbose_name='deliveries')),
                ('attempts', models.PositiveSmallIntegerField(default=0, verbose_name='attempts')),
                ('next_attempt_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='next attempt at')),
                ('last_error', models.CharField(blank=True, max_length=500, verbose_name='last error')),
                ('received_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='received at')),
                ('processed_at', models.DateTimeField(blank=True, null=True, verbose_name='processed at')),
            ],
            options={
                'verbose_name': 'webhook event',
                'verbose_name_plural': 'webhook events',
                'ordering': ['-id'],
                'indexes': [models.Index(condition=models.Q(('state__in', ['received', 'failed']), models.Q(('reference', ''), _negated=True)), fields=['next_attempt_at'], name='enrow_event_due_proved'), models.Index(condition=models.Q(('reference', ''), ('state__in', ['received', 'failed'])), fields=['next_attempt_at'], name='enrow_event_due'), models.Index(fields=['state', '-id'], name='enrow_event_state'), models.Index(condition=models.Q(('reference', ''), _negated=True), fields=['reference'], name='enrow_event_reference'), models.Index(condition=models.Q(('processed_at__isnull', False), models.Q(('payload', ''), _negated=True)), fields=['processed_at'], name='enrow_event_prunable')],
                'constraints': [models.UniqueConstraint(fields=('enrow_id', 'event', 'reference'), name='enrow_event_once')],
            },
        ),
    ]
