"""Interest in the bonus programme: what members do that shows it."""

BALANCE_INQUIRED = "balance.inquired"
PAGE_OPENED = "bonus.page_opened"
DECLARED = "bonus.interest_declared"
WITHDRAWN = "bonus.interest_withdrawn"
ACTS = (BALANCE_INQUIRED, PAGE_OPENED, DECLARED)
