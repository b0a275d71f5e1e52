"""Sentences of django-allauth and Django that the portal words in its own Japanese.

Theirs say ログイン and メールアドレス where docs/glossary.md has サインイン and メール アドレス, and their mails
address people as no office would. A string named here enters the portal's catalogue, which comes before theirs. Its
English has to be theirs letter for letter (tests/test_translations.py sees to that).
"""

from django.utils.translation import gettext_noop as _

SIGNING_IN = (
    _("Email"),
    _("Email address"),
    _("Code"),
    _("Forgot your password?"),
    _("Forgot Password?"),
    _("Incorrect code."),
    _("The email address and/or password you specified are not correct."),
    _("The email address is not assigned to any user account."),
    _("A user is already registered with this email address."),
    _("Too many failed login attempts. Try again later."),
    _("Be patient, you are sending too many requests."),
    _("Enter a valid email address."),
    _("Successfully signed in as %(name)s."),
    _("You have signed out."),
    _("Log out"),
    _("Password successfully changed."),
    _("Password successfully set."),
    _("This account is currently inactive."),
    _("Sign Up Closed"),
    _("We are sorry, but the sign up is currently closed."),
    _("You are already logged in as %(user_display)s."),
    _("Confirm Access"),
    _("Please reauthenticate to safeguard your account."),
    _("Enter your password:"),
)

CODES = (
    _("We've sent a code to %(recipient)s. The code expires shortly, so please enter it soon."),
    _("Confirm"),
    _("Request new code"),
    _("Use a different email address"),
    _("Confirmation email sent to %(email)s."),
    _("You have confirmed %(email)s."),
    _("Verify Your Email Address"),
    _("Your password is now changed."),
)

ADDRESSES = (
    _("Email Addresses"),
    _("Email Address"),
    _("The following email addresses are associated with your account:"),
    _("Verified"),
    _("Unverified"),
    _("Primary"),
    _("Make Primary"),
    _("Re-send Verification"),
    _("Add Email Address"),
    _("Add Email"),
    _("Do you really want to remove the selected email address?"),
    _("You cannot remove your primary email address (%(email)s)."),
    _("You cannot remove your primary email address."),
    _("Your primary email address must be verified."),
    _("This email address is already associated with this account."),
    _("You cannot add more than %d email addresses."),
    _("Primary email address set."),
    _("Removed email address %(email)s."),
)

MAILS = (
    _("This mail can be safely ignored if you did not initiate this action."),
    _(
        "You are receiving this email because you or someone else tried to signup for an\naccount using email address:"
        "\n\n%(email)s\n\nHowever, an account using that email address already exists.  In case you have\nforgotten"
        " about this, please use the password forgotten procedure to recover\nyour account:\n\n%(password_reset_url)s"
    ),
    _("Account Already Exists"),
    _(
        "You are receiving this email because you, or someone else, tried to access an account with email %(email)s."
        " However, we do not have any record of such an account in our database."
    ),
    _("If it was you, you can sign up for an account using the link below."),
    _("Unknown Account"),
    _("You are receiving this mail because the following change was made to your account:"),
    _(
        "If you do not recognize this change then please take proper security precautions immediately. The change to"
        " your account originates from:\n\n- IP address: %(ip)s\n- Browser: %(user_agent)s\n- Date: %(timestamp)s"
    ),
    _("Your password has been changed."),
    _("Password Changed"),
    _("Your password has been reset."),
    _("Password Reset Email"),
)
