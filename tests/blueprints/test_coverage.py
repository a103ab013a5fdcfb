"""Which of the chargers that have a known Modbus map have a blueprint: 69 maps of 58 makers."""

import pytest

from hub.blueprint.load import read_source
from tests.blueprints.garage import PATHS, SEARCH

MAPS = {
    "abb_terra_ac": ("ABB", "abb/terra_ac"),
    "abl_em4": ("ABL", "abl/em4"),
    "abl_emh1": ("ABL", "abl/emh1"),
    "alfen_eve": ("Alfen", "alfen/eve"),
    "alphatec_wallbox": ("Alphatec", "alphatec/wallbox"),
    "alpitronic_hypercharger": ("Alpitronic", "alpitronic/hypercharger"),
    "ambibox_ambicharge": ("Ambibox", "ambibox/ambicharge"),
    "amperfied_connect": ("Amperfied", "amperfied/connect"),
    "bender_cc612": ("Bender", "bender/cc612"),
    "cfos_power_brain": ("cFos", "cfos/power_brain"),
    "chargex_aqueduct": ("ChargeX", "chargex/aqueduct"),
    "compleo_solo_duo": ("Compleo", "compleo/solo_duo"),
    "dadapower_premium": ("Dadapower", "dadapower/premium"),
    "daheimladen_pro": ("DaheimLaden", "daheimladen/pro"),
    "daheimladen_smart_touch": ("DaheimLaden", "daheimladen/smart_touch"),
    "delta_ac_max": ("Delta", "delta/ac_max"),
    "em2go_duo_power": ("EM2GO", "em2go/duo_power"),
    "em2go_home": ("EM2GO", "em2go/home"),
    "em2go_pro_power": ("EM2GO", "em2go/pro_power"),
    "enovates_eno": ("Enovates", "enovates/eno"),
    "esp32_evse": ("dzurikmiroslav", "esp32_evse/esp32_evse"),
    "etek_ekepc2": ("ETEK", "etek/ekepc2"),
    "etrel_inch": ("Etrel", "etrel/inch"),
    "evse_din": ("EVracing", "evse_din/evse_din"),
    "foxess_evc": ("FoxESS", "foxess/evc"),
    "free2move_eprowallbox": ("Free2Move (eSolutions)", "free2move/eprowallbox"),
    "goe_charger_v3": ("go-e", "go_e/charger_v3"),
    "goodwe_hca_g2": ("GoodWe", "goodwe/hca_g2"),
    "heidelberg_energy_control": ("Heidelberg (Amperfied)", "heidelberg/energy_control"),
    "hesotec_esat": ("Hesotec", "hesotec/esat"),
    "huawei_scharger_emma": ("Huawei", "huawei/scharger_emma"),
    "innogy_ebox": ("innogy / Compleo", "innogy/ebox"),
    "inro_pantabox": ("INRO", "inro/pantabox"),
    "kathrein_kwb": ("Kathrein", "kathrein/kwb"),
    "keba_p30": ("KEBA", "keba/p30"),
    "keba_p40": ("KEBA", "keba/p40"),
    "kse_wbx16": ("KSE", "kse/wbx16"),
    "mennekes_4you_bender_icc": ("Bender / Mennekes", "mennekes/amtron_icc"),
    "mennekes_amtron_compact": ("Mennekes", "mennekes/amtron_compact"),
    "mennekes_amtron_hcc3": ("Mennekes", "mennekes/amtron_hcc3"),
    "nrgkick_gen2": ("DiniTech", "nrgkick/gen2"),
    "obo_ion": ("OBO Bettermann / Viridian", "obo/ion"),
    "openwb_series2": ("openWB", "openwb/series2"),
    "pc_electric_ev11": ("PC Electric / Garo", "pc_electric/ev11"),
    "peblar_home": ("Peblar (Prodrive)", "peblar/home"),
    "phoenix_charx": ("Phoenix Contact", "phoenix/charx"),
    "phoenix_em_cp_pp_eth": ("Phoenix Contact", "phoenix/em_cp_pp_eth"),
    "phoenix_ev_eth_wallbe": ("Phoenix Contact / Wallbe", "phoenix/ev_eth"),
    "phoenix_ev_ser": ("Phoenix Contact", "phoenix/ev_ser"),
    "pracht_alpha_xt": ("Pracht", "pracht/alpha_xt"),
    "pulsares_simplebox": ("Pulsares", "pulsares/simplebox"),
    "raedian_neo": ("RAEDIAN", "raedian/neo"),
    "schneider_evlink_pro": ("Schneider Electric", "schneider/evlink_pro_ac"),
    "schrack_icharge_cion": ("Schrack", "schrack/cion"),
    "siemens_versicharge_gen3": ("Siemens", "siemens/versicharge_gen3"),
    "sigenergy_evac": ("Sigenergy", "sigenergy/evac"),
    "sigenergy_evdc": ("Sigenergy", "sigenergy/evdc"),
    "smartevse_edgetech": ("Edgetech", "smartevse/edgetech"),
    "solax_x3_evc_g1": ("SolaX", "solax/x3_evc"),
    "solax_x3_hac_g2": ("SolaX", "solax/x3_hac"),
    "sungrow_ac011e": ("Sungrow", "sungrow/ac011e"),
    "tinkerforge_warp": ("Tinkerforge", "tinkerforge/warp"),
    "vestel_evc04": ("Vestel", "vestel/evc04"),
    "victron_evcs": ("Victron", "victron/evcs"),
    "victron_gx": ("Victron", "victron/gx"),
    "voltie": ("Voltie", "voltie/charger"),
    "wallbox_quasar": ("Wallbox", "wallbox/quasar"),
    "webasto_next": ("Webasto / Ampure", "webasto/next"),
    "weidmueller_ac_smart": ("Weidmüller", "weidmueller/ac_smart"),
}
"""The map's name: its maker, its blueprint."""


def test_the_list_is_whole() -> None:
    assert len(MAPS) == 69
    assert len({maker for maker, _ in MAPS.values()}) == 58
    assert len({path for _, path in MAPS.values()}) == 69


@pytest.mark.parametrize("name", MAPS)
def test_this_charger_has_a_blueprint_under_its_makers_name(name: str) -> None:
    maker, path = MAPS[name]
    assert path in PATHS
    about = read_source(path, SEARCH).value["blueprint"]
    told = " ".join([about["vendor"], about["model"], str(about["name"]), *about.get("brands", [])])
    assert any(
        word.casefold() in told.casefold() for word in maker.replace("(", " ").replace("/", " ").split()
    )


def test_each_shipped_blueprint_is_on_the_list_or_varies_one_that_is() -> None:
    listed = {path for _, path in MAPS.values()}
    more = {path: read_source(path, SEARCH).value for path in PATHS if path not in listed}
    assert {path: [path, *_bases(path)] for path in more if not listed & set(_bases(path))} == {}


def _bases(path: str) -> list[str]:
    """Where it comes from, as `vendor/model`."""
    return [f"{file.parent.name}/{file.stem}" for file in read_source(path, SEARCH).files]
