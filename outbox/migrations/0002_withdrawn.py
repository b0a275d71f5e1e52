from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("outbox", "0001_outgoing_email"),
    ]

    operations = [
        migrations.AlterField(
            model_name="outgoingemail",
            name="state",
            field=models.CharField(
                choices=[
                    ("waiting", "Waiting"),
                    ("sent", "Sent"),
                    ("refused", "Refused by the mail server"),
                    ("withdrawn", "Withdrawn"),
                ],
                default="waiting",
                max_length=9,
                verbose_name="State",
            ),
        ),
    ]
