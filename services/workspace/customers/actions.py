"""What the log says of customers' people."""

from services.audit.actions import AuditAction
from services.bulk.words import bulk_words


class CustomerAction(AuditAction):
    """What is done to customers' people, and what they do at their door."""

    INVITED = "customer.invited", "Customer invited"
    LINK_SENT = "customer.link_sent", "Customer’s link sent"
    LINK_COPIED = "customer.link_copied", "Customer’s link copied"
    LINK_REQUESTED = "customer.link_requested", "Customer’s link requested"
    LET_IN = "customer.let_in", "Customer let in"
    ACTIVATED = "customer.activated", "Customer activated"
    DEACTIVATED = "customer.deactivated", "Customer deactivated"
    REMOVED = "customer.removed", "Customer removed from POC"
    EXPORTED = "customer.exported", "Customers exported"
    MANY_ACTIVATED = "customer.many_activated", "Customers activated in bulk", bulk_words
    MANY_DEACTIVATED = "customer.many_deactivated", "Customers deactivated in bulk", bulk_words
