"""What the demo organisation works on: templates, POCs and what is said about them."""

from models import Side

TEAM, CUSTOMER = Side.TEAM, Side.CUSTOMER

# Each group template: title, description, and its tasks: title, side, start day, days.
GROUPS = (
    (
        "Kick-off and scope",
        "First call, names, agreement",
        (
            ("Kick-off call, agree on the success criteria", TEAM, 1, 1),
            ("Name the people who test", CUSTOMER, 2, 2),
            ("Sign the evaluation agreement", CUSTOMER, 2, 4),
        ),
    ),
    (
        "Environment and access",
        "What has to stand before anything can be tried",
        (
            ("Provision the workspace", TEAM, 2, 2),
            ("Connect single sign-on", TEAM, 4, 5),
            ("Allow our servers through the firewall", CUSTOMER, 4, 6),
            ("Enrol the pilot devices", CUSTOMER, 8, 4),
        ),
    ),
    (
        "Security review",
        "Questionnaire, penetration test report, data processing agreement",
        (
            ("Reply to the security questionnaire", TEAM, 3, 5),
            ("Hand over the penetration test report", TEAM, 3, 1),
            ("Review the data processing agreement", CUSTOMER, 5, 10),
        ),
    ),
    (
        "Trial on the customer’s own data",
        "With a reference run, and a comparison of every total",
        (
            ("Export last month’s data for comparison", CUSTOMER, 8, 5),
            ("Import the data", TEAM, 10, 3),
            ("Work for one week in both systems", CUSTOMER, 13, 7),
            ("Compare the totals", TEAM, 20, 3),
        ),
    ),
    (
        "Wrap-up and outcome",
        "Criteria, report, decision",
        (
            ("Review the criteria together", CUSTOMER, 24, 2),
            ("Write the outcome report", TEAM, 25, 4),
        ),
    ),
)

CUSTOMERS = (
    "Helvetia Freight AG", "Østlandet Energi AS", "三橋精密工業株式会社", "Kauri Health",
    "Banco Meridional do Sul S.A.", "Škoda Lisovna Plzeň a.s.", "Tatra Mutual Insurance",
    "Lagos Harbour Terminals Plc", "Hospital Universitario Río Claro", "شركة النور Logistics",
    "Bretagne Assurances Mutuelles", "Sakartvelo Telecom", "Andes Minerals S.A.C.",
)  # fmt: skip

TITLES = (
    "Offline scanning on 400 handhelds across three depots",
    "Smart-meter readings into the nightly billing run",
    "計測データの長期保管と検索",
    "Single sign-on and audit trail for 2,300 nurses",
    "Claims intake with scanned paper, e-mail and chat in one queue for five regions",
    "Vibration alarms from 60 presses to the shift leader’s phone",
    "Loan files of 214 branches without the fax",
    "Berth planning with live AIS positions",
    "Triage of radiology requests",
    "Carbon report of the reefer fleet",
    "Migration of eleven years of tickets",
    "Fibre faults on the map within one minute",
    "Ore grade forecasts for the night shift",
    "Customs papers from e-mail",
    "Spare parts by photograph",
    "Tariff calculator for the call centre",
    "Cold chain alarms for vaccines",
    "Payroll corrections before the cut-off",
    "Contracts signed on the tablet",
    "Energy use by machine and shift",
)

CRITERIA = (
    ("A request is confirmed within a quarter of a second", "250 ms at p95", TEAM),
    ("Nothing that was entered offline is lost", "0 of 6,000", TEAM),
    ("Testers sign in with the account that they have", "12 people", CUSTOMER),
    ("A new colleague works after ten minutes of explanation", "10 min", CUSTOMER),
)

COMMENTS = (
    "For the sign-on we need:\n\n- the directory’s tenant id\n- a group, say `rollcall-pilot`",
    "If they slip past the 30th we lose the shift in December.",
    "The firewall request is in; the network team opens ports in the change window alone.",
    "First totals match to the cent, **except** for credit notes.",
    "Could one site go first?",
    "Thanks, that works now.",
)

# Who is at the customers', and what they do there. 8 and 11 have no common divisor: 88 people, no
# two of one name.
CUSTOMER_FIRST_NAMES = ("Claudia", "Reto", "Mélanie", "Urs", "Zoran", "Aylin", "Tomás", "Ingrid")
CUSTOMER_LAST_NAMES = (
    "Zgraggen",
    "Bianchi",
    "Favre",
    "Ammann",
    "Petrović",
    "Öztürk",
    "Herrera",
    "Lindqvist",
    "Okonkwo",
    "O’Brien",
    "Kowalska",
)
CUSTOMER_TITLES = ("Head of Logistics IT", "Network and devices", "Depot manager", "Warehouse IT")
