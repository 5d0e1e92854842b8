"""The countries of ISO 3166 by code, with their English names and the parts that have holidays."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from functools import cache

from domain.problems import suggestion
from domain.vocabulary import folded_word

_NAMES = """
    AD Andorra; AE United Arab Emirates; AF Afghanistan; AG Antigua & Barbuda; AI Anguilla; AL
    Albania; AM Armenia; AO Angola; AQ Antarctica; AR Argentina; AS American Samoa; AT Austria; AU
    Australia; AW Aruba; AX Åland Islands; AZ Azerbaijan; BA Bosnia & Herzegovina; BB Barbados; BD
    Bangladesh; BE Belgium; BF Burkina Faso; BG Bulgaria; BH Bahrain; BI Burundi; BJ Benin; BL St.
    Barthélemy; BM Bermuda; BN Brunei; BO Bolivia; BQ Caribbean Netherlands; BR Brazil; BS Bahamas;
    BT Bhutan; BV Bouvet Island; BW Botswana; BY Belarus; BZ Belize; CA Canada; CC Cocos (Keeling)
    Islands; CD Congo - Kinshasa; CF Central African Republic; CG Congo - Brazzaville; CH
    Switzerland; CI Côte d’Ivoire; CK Cook Islands; CL Chile; CM Cameroon; CN China; CO Colombia; CR
    Costa Rica; CU Cuba; CV Cape Verde; CW Curaçao; CX Christmas Island; CY Cyprus; CZ Czechia; DE
    Germany; DJ Djibouti; DK Denmark; DM Dominica; DO Dominican Republic; DZ Algeria; EC Ecuador; EE
    Estonia; EG Egypt; EH Western Sahara; ER Eritrea; ES Spain; ET Ethiopia; FI Finland; FJ Fiji; FK
    Falkland Islands; FM Micronesia; FO Faroe Islands; FR France; GA Gabon; GB United Kingdom; GD
    Grenada; GE Georgia; GF French Guiana; GG Guernsey; GH Ghana; GI Gibraltar; GL Greenland; GM
    Gambia; GN Guinea; GP Guadeloupe; GQ Equatorial Guinea; GR Greece; GS South Georgia & South
    Sandwich Islands; GT Guatemala; GU Guam; GW Guinea-Bissau; GY Guyana; HK Hong Kong SAR China; HM
    Heard & McDonald Islands; HN Honduras; HR Croatia; HT Haiti; HU Hungary; ID Indonesia; IE
    Ireland; IL Israel; IM Isle of Man; IN India; IO British Indian Ocean Territory; IQ Iraq; IR
    Iran; IS Iceland; IT Italy; JE Jersey; JM Jamaica; JO Jordan; JP Japan; KE Kenya; KG Kyrgyzstan;
    KH Cambodia; KI Kiribati; KM Comoros; KN St. Kitts & Nevis; KP North Korea; KR South Korea; KW
    Kuwait; KY Cayman Islands; KZ Kazakhstan; LA Laos; LB Lebanon; LC St. Lucia; LI Liechtenstein;
    LK Sri Lanka; LR Liberia; LS Lesotho; LT Lithuania; LU Luxembourg; LV Latvia; LY Libya; MA
    Morocco; MC Monaco; MD Moldova; ME Montenegro; MF St. Martin; MG Madagascar; MH Marshall
    Islands; MK North Macedonia; ML Mali; MM Myanmar (Burma); MN Mongolia; MO Macao SAR China; MP
    Northern Mariana Islands; MQ Martinique; MR Mauritania; MS Montserrat; MT Malta; MU Mauritius;
    MV Maldives; MW Malawi; MX Mexico; MY Malaysia; MZ Mozambique; NA Namibia; NC New Caledonia; NE
    Niger; NF Norfolk Island; NG Nigeria; NI Nicaragua; NL Netherlands; NO Norway; NP Nepal; NR
    Nauru; NU Niue; NZ New Zealand; OM Oman; PA Panama; PE Peru; PF French Polynesia; PG Papua New
    Guinea; PH Philippines; PK Pakistan; PL Poland; PM St. Pierre & Miquelon; PN Pitcairn Islands;
    PR Puerto Rico; PS Palestinian Territories; PT Portugal; PW Palau; PY Paraguay; QA Qatar; RE
    Réunion; RO Romania; RS Serbia; RU Russia; RW Rwanda; SA Saudi Arabia; SB Solomon Islands; SC
    Seychelles; SD Sudan; SE Sweden; SG Singapore; SH St. Helena; SI Slovenia; SJ Svalbard & Jan
    Mayen; SK Slovakia; SL Sierra Leone; SM San Marino; SN Senegal; SO Somalia; SR Suriname; SS
    South Sudan; ST São Tomé & Príncipe; SV El Salvador; SX Sint Maarten; SY Syria; SZ Eswatini; TC
    Turks & Caicos Islands; TD Chad; TF French Southern Territories; TG Togo; TH Thailand; TJ
    Tajikistan; TK Tokelau; TL Timor-Leste; TM Turkmenistan; TN Tunisia; TO Tonga; TR Türkiye; TT
    Trinidad & Tobago; TV Tuvalu; TW Taiwan; TZ Tanzania; UA Ukraine; UG Uganda; UM U.S. Outlying
    Islands; US United States; UY Uruguay; UZ Uzbekistan; VA Vatican City; VC St. Vincent &
    Grenadines; VE Venezuela; VG British Virgin Islands; VI U.S. Virgin Islands; VN Vietnam; VU
    Vanuatu; WF Wallis & Futuna; WS Samoa; XK Kosovo; YE Yemen; YT Mayotte; ZA South Africa; ZM
    Zambia; ZW Zimbabwe
"""
"""As the Unicode CLDR has them. Here and not asked of it, since loading its data takes 30 ms."""

_PARTS = """
    AD 02 03 04 05 06 07 08; AM AG AR AV ER GR KT LO SH SU TV VD; AR A B C D E F G H J K L M N P Q R
    S T U V W X Y Z; AT 1 2 3 4 5 6 7 8 9; AU ACT NSW NT QLD SA TAS VIC WA; BA BIH BRC SRP; BO B C H
    L N O P S T; BQ BON SAB STA; BR AC AL AM AP BA CE DF ES GO MA MG MS MT PA PB PE PI PR RJ RN RO
    RR RS SC SE SP TO; BT 11 12 13 14 15 21 22 23 24 31 32 33 34 41 42 43 44 45 GA TY; CA AB BC MB
    NB NL NS NT NU ON PE QC SK YT; CH AG AI AR BE BL BS FR GE GL GR JU LU NE NW OW SG SH SO SZ TG TI
    UR VD VS ZG ZH; CL AI AN AP AR AT BI CO LI LL LR MA ML NB RM TA VS; CV BR BV CA CF CR MA MO PA
    PN PR RB RG RS SD SF SL SM SO SS SV TA TS; DE BB BE BW BY HB HE HH MV NI NW RP SH SL SN ST TH;
    ES AN AR AS CB CE CL CM CN CT EX GA IB MC MD ML NC PV RI VC; FI 01 02 03 04 05 06 07 08 09 10 11
    12 13 14 15 16 17 18 19; FM KSA PNI TRK YAP; FR 57 6AE 971 972 973 974 976 BL MF NC PF PM TF WF;
    GB ENG NIR SCT WLS; GQ AN BN BS CS DJ KN LI WN; IN AN AP AR AS BR CG CH DH DL GA GJ HP HR JH JK
    KA KL LA LD MH ML MN MP MZ NL OD PB PY RJ SK TN TR TS UK UP WB; IT AG AL AN AO AP AQ AR AT AV BA
    BG BI BL BN BO BR BS BT BZ CA CB CE CH CL CN CO CR CS CT CZ EN FC FE FG FI FM FR GE GO GR IM IS
    KR LC LE LI LO LT LU MB MC ME MI MN MO MS MT NA NO NU OR PA PC PD PE PG PI PN PO PR PT PU PV PZ
    RA RC RE RG RI RM RN RO SA SI SO SP SR SS SU SV TA TE TN TO TP TR TS TV UD VA VB VC VE VI VR VT
    VV; MO I M; MY 01 02 03 04 05 06 07 08 09 10 11 12 13 14 15 16; NI AN AS BO CA CI CO ES GR JI LE
    MD MN MS MT NS RI SJ; NO 03 11 15 18 21 22 31 32 33 34 39 40 42 46 50 55 56; NZ AUK BOP CAN CIT
    GIS HKB MBH MWT NSN NTL OTA STL TAS TKI WGN WKO WTC; PL 02 04 06 08 10 12 14 16 18 20 22 24 26
    28 30 32; PT 01 02 03 04 05 06 07 08 09 10 11 12 13 14 15 16 17 18 20 30; SB CE CH CT GU IS MK
    ML RB TE WE; SH AC HL TA; ST 01 02 03 04 05 06 P; SV AH CA CH CU LI MO PA SA SM SO SS SV UN US;
    TV FUN NIT NKF NKL NMA NMG NUI VAI; US AK AL AR AS AZ CA CO CT DC DE FL GA GU HI IA ID IL IN KS
    KY LA MA MD ME MI MN MO MP MS MT NC ND NE NH NJ NM NV NY OH OK OR PA PR RI SC SD TN TX UM UT VA
    VI VT WA WI WV WY
"""
"""The parts of countries whose holidays the package `holidays` knows, by the second half of their
code in ISO 3166-2. Here, since loading the package takes 80 ms."""

NAME_OF = {code: " ".join(name) for code, *name in (entry.split() for entry in _NAMES.split(";"))}
"""By code, in the order of the codes."""

PARTS_OF = {code: tuple(parts) for code, *parts in (entry.split() for entry in _PARTS.split(";"))}
"""By code of a country, the second halves of its parts' codes."""

ALSO_CALLED = {
    "America": "US",
    "Bosnia": "BA",
    "Burma": "MM",
    "Cabo Verde": "CV",
    "Czech Republic": "CZ",
    "Democratic Republic of the Congo": "CD",
    "East Timor": "TL",
    "England": "GB-ENG",
    "Great Britain": "GB",
    "Holland": "NL",
    "Hong Kong": "HK",
    "Ivory Coast": "CI",
    "Korea": "KR",
    "Macao": "MO",
    "Macau": "MO",
    "Myanmar": "MM",
    "Northern Ireland": "GB-NIR",
    "Palestine": "PS",
    "Republic of Ireland": "IE",
    "Republic of Korea": "KR",
    "Republic of the Congo": "CG",
    "Russian Federation": "RU",
    "Scotland": "GB-SCT",
    "Swaziland": "SZ",
    "Turkey": "TR",
    "UAE": "AE",
    "UK": "GB",
    "United States of America": "US",
    "USA": "US",
    "Viet Nam": "VN",
    "Wales": "GB-WLS",
}
"""Usual English names that the CLDR does not have."""

MOST_PARTS_NAMED = 20
"""More would fill the screen: Italy has a hundred."""

_CODE = re.compile(r"([A-Za-z]{2})(?:[-_]([A-Za-z0-9]{1,3}))?")


def country_code(text: str) -> str | None:
    """The code of a country by its code or English name, like `GB`, or of a part, like `GB-SCT`.

    None where there is no such country, or its holidays are not known by that part.
    """
    country, part = _code_and_part(text)
    if country in NAME_OF:
        if part is None:
            return country
        return f"{country}-{part}" if part in PARTS_OF.get(country, ()) else None
    return _by_name().get(_folded(text))


def why_no_country(
    text: str, near: Callable[[str, Collection[str]], str | None] = suggestion
) -> tuple[str, str]:
    """What is wrong with a text that is no country, and what would be right.

    `near` finds the word that was meant, if there is one.
    """
    country, part = _code_and_part(text)
    parts = PARTS_OF.get(country, ())
    if part is None or country not in NAME_OF:
        meant = near(text, (*NAME_OF.values(), *ALSO_CALLED))
        return "is no country that is known here.", (
            f"Did you mean “{meant}”?"
            if meant
            else "Write a code like GB, or GB-SCT for a part of the country, or the English name."
        )
    wrong = f"names no part of {country} whose holidays are known."
    if not parts:
        return wrong, f"Write {country}: they are the same everywhere there."
    if len(parts) > MOST_PARTS_NAMED:
        return wrong, f"Write {country} for the whole country."
    return wrong, f"Write {country}, or {country}- and one of: {', '.join(parts)}."


def _code_and_part(text: str) -> tuple[str, str | None]:
    code = _CODE.fullmatch(text.strip())
    if code is None:
        return "", None
    return code[1].upper(), code[2].upper() if code[2] else None


@cache
def _by_name() -> dict[str, str]:
    names = {name: code for code, name in NAME_OF.items()} | ALSO_CALLED
    return {_folded(name): code for name, code in names.items()}


def _folded(name: str) -> str:
    """A name as it is compared: accents, spaces, stops and “the” don't matter."""
    plain = folded_word(name).replace(".", "").replace("’", "'")
    return plain.removeprefix("the").replace("saint", "st")
