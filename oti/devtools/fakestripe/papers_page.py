"""The page where the owner of an account gives its papers, or sees them refused."""

from html import escape

from oti.devtools.fakestripe import accounts
from oti.devtools.fakestripe.pages import Page, frame, unknown
from oti.devtools.fakestripe.state import Bank
from oti.devtools.fakestripe.texts import choose_language, say


def show(bank: Bank, token: str, accepted: str) -> Page:
    """GET /c/papers/{link}; one that is used or too old leads back to the shop, as at Stripe."""
    link = bank.find(accounts.LINK, token)
    if link is None:
        return unknown(bank, accepted)
    if not accounts.is_open(bank, link):
        return Page(303, location=link["refresh_url"])
    account = bank.get(accounts.ACCOUNT, link["account"])
    language = choose_language(None, accepted)
    title, shop = say(language, "papers"), bank.config.shop_name
    text = say(language, "papers_text", host=account["display_name"] or account["id"], shop=shop)
    given, rejected = say(language, "papers_given"), say(language, "papers_refused")
    back = say(language, "back", shop=shop)
    body = f"""<section class="sheet" aria-labelledby="title">
<h1 id="title">{escape(title)}</h1>
<p>{escape(text)}</p>
<form method="post" class="choices">
<button class="main" name="answer" value="accept">{escape(given)}</button>
<button class="second" name="answer" value="refuse">{escape(rejected)}</button>
</form>
<p><a href="{escape(link["refresh_url"])}">{escape(back)}</a></p>
</section>"""
    return Page(200, frame(language, title, body))


def answer(bank: Bank, token: str, sent: dict[str, str], accepted: str) -> Page:
    """POST /c/papers/{link} with `answer` = accept or refuse; a link answers once."""
    link = bank.find(accounts.LINK, token)
    if link is None:
        return unknown(bank, accepted)
    if not accounts.is_open(bank, link):
        return Page(303, location=link["refresh_url"])
    account = bank.get(accounts.ACCOUNT, link["account"])
    accounts.answer_papers(bank, account, accepted=sent.get("answer") == "accept")
    bank.put(link | {"is_used": True})
    return Page(303, location=link["return_url"] or link["refresh_url"])
