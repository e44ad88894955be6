"""Addresses of referrals on the web side."""

from django.urls import path

from referrals.views import asking, checking, danger, own, receipt, start, supporter, words

app_name = "referrals"
urlpatterns = [
    path("", start.start, name="start"),
    path("now/", start.in_danger, name="now"),
    path("keep/", asking.keep, name="keep"),
    path("soon/", asking.soon, name="soon"),
    path("what/", asking.what, name="what"),
    path("name/", asking.name, name="name"),
    path("reach/", asking.reach, name="reach"),
    path("leave-out/", asking.leave_out, name="leave-out"),
    path("supporter/", supporter.supporter, name="supporter"),
    path("supporter/code/", supporter.show_code, name="show-code"),
    path("supporter/<uuid:attachment>/remove/", supporter.remove, name="remove-words"),
    path("check/", checking.check, name="check"),
    path("sent/", checking.sent, name="sent"),
    path("stop/", checking.stop, name="stop"),
    path("receipt/", receipt.look_up, name="receipt"),
    path("receipt/close/", receipt.close, name="close-receipt"),
    path("one/<uuid:referral>/", own.show, name="show"),
    path("one/<uuid:referral>/take-back/", own.take_back, name="take-back"),
    path("one/<uuid:referral>/tell/", own.tell, name="tell"),
    path("taken-back/", own.taken_back, name="taken-back"),
    path("words/", words.attach, name="words"),
    path("danger/", danger.raise_danger, name="danger"),
    path("danger/<uuid:nonce>/", danger.raised, name="danger-raised"),
]
