"""Where the report's statistics come from. Titles are the same in every language."""

SOURCES = {
    "agresti": "A. Agresti, B. Caffo, The American Statistician 54 (2000)",
    "cohen": "J. Cohen, Statistical Power Analysis for the Behavioral Sciences, 2nd edition (1988)",
    "hedges": "L. V. Hedges, Journal of Educational Statistics 6 (1981)",
    "lakens": "D. Lakens, Frontiers in Psychology 4:863 (2013)",
    "rocks": "B. Rocks, The American Statistician 70 (2016)",
    "wilson": "E. B. Wilson, Journal of the American Statistical Association 22 (1927)",
}
"""By the name under which the words of the report mention them."""
