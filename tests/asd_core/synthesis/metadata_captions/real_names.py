"""Names of real recordings of DCASE Task 2, 2020 to 2025, and the captions that they ask for."""

PAPER = {
    "ToyCar/test/section_00_source_test_anomaly_0010_car_B2_spd_31V_mic_1.wav": (
        "This is the anomaly sound of a toy car with model B2 and speed 31V, recorded by a microphone placed at the "
        "position 1."
    ),
    "grinder/train/section_00_source_train_normal_0000_grindstone_2_plate_2.wav": (
        "This is the normal sound of a grinding machine with grindstones 2 and metal plates 2."
    ),
}
"""Table 1 of Zhang et al., FS-TWFR-GMM."""

POSITION = "recorded by a microphone placed at the position"

DCASE_2020 = {
    "fan/test/normal_id_01_00000098.wav": "This is the normal sound of a fan.",
    "pump/test/anomaly_id_01_00000049.wav": "This is the anomaly sound of a pump.",
    "slider/test/anomaly_id_01_00000035.wav": "This is the anomaly sound of a slide rail.",
    "valve/test/anomaly_id_01_00000096.wav": "This is the anomaly sound of a valve.",
    "ToyCar/test/anomaly_id_05_00000097.wav": "This is the anomaly sound of a toy car.",
    "ToyConveyor/test/anomaly_id_04_00000172.wav": "This is the anomaly sound of a toy conveyor.",
}
DCASE_2021 = {
    "fan/train/section_00_source_train_normal_0000_strength_1_ambient.wav": (
        "This is the normal sound of a fan with strength 1, labelled ambient."
    ),
    "pump/train/section_00_target_train_normal_0000_serial_no_000_viscous_liquid.wav": (
        "This is the normal sound of a pump with serial number 000, labelled viscous liquid."
    ),
    "slider/train/section_02_source_train_normal_0054_glassfiber_none.wav": (
        "This is the normal sound of a slide rail, labelled glassfiber none."
    ),
    "valve/train/section_05_target_train_normal_0000_pattern_01_air_pump_comb.wav": (
        "This is the normal sound of a valve with pattern 01, labelled air pump comb."
    ),
    "gearbox/train/section_00_source_train_normal_0000_0_g_25_mm_2000_mV_none.wav": (
        "This is the normal sound of a gearbox with 0 g, 25 mm and 2000 mV, labelled none."
    ),
    "ToyCar/train/section_00_source_train_normal_0000_A1Spd28VMic1.wav": (
        f"This is the normal sound of a toy car with model A1 and speed 28V, {POSITION} 1."
    ),
    "ToyTrain/train/section_00_source_train_normal_0000_A1Spd6Mic1.wav": (
        f"This is the normal sound of a toy train with model A1 and speed 6, {POSITION} 1."
    ),
    "ToyTrain/source_test/section_03_source_test_anomaly_0000.wav": "This is the anomaly sound of a toy train.",
}
DCASE_2022 = {
    "bearing/test/section_03_source_test_normal_0000_vel_21.wav": (
        "This is the normal sound of a bearing with velocity 21."
    ),
    "bearing/test/section_04_source_test_anomaly_0100_vel_8_loc_D.wav": (
        "This is the anomaly sound of a bearing with velocity 8, recorded by a microphone placed at the location D."
    ),
    "bearing/test/section_05_target_test_normal_0199_vel_2_f-n_D.wav": (
        "This is the normal sound of a bearing with velocity 2, in factory noise D."
    ),
    "fan/test/section_03_source_test_normal_0000_m-n_X.wav": "This is the normal sound of a fan, in machine noise X.",
    "fan/test/section_04_target_test_anomaly_0100_f-n_D.wav": (
        "This is the anomaly sound of a fan, in factory noise D."
    ),
    "fan/test/section_05_target_test_anomaly_0199_n-lv_L3.wav": (
        "This is the anomaly sound of a fan, in noise of level L3."
    ),
    "gearbox/test/section_03_source_test_anomaly_0000_volt_3.0.wav": (
        "This is the anomaly sound of a gearbox with voltage 3.0."
    ),
    "gearbox/test/section_04_source_test_normal_0100_wt_50.wav": (
        "This is the normal sound of a gearbox with weight 50."
    ),
    "gearbox/test/section_05_source_test_anomaly_0199_id_06.wav": (
        "This is the anomaly sound of a gearbox with ID 06."
    ),
    "slider/test/section_03_source_test_normal_0000_vel_325.wav": (
        "This is the normal sound of a slide rail with velocity 325."
    ),
    "slider/test/section_04_target_test_anomaly_0100_ac_0.08.wav": (
        "This is the anomaly sound of a slide rail with acceleration 0.08."
    ),
    "slider/test/section_05_target_test_anomaly_0199_f-n_D.wav": (
        "This is the anomaly sound of a slide rail, in factory noise D."
    ),
    "ToyCar/test/section_03_target_test_anomaly_0000_car_G2_spd_34V_mic_1_noise_6.wav": (
        f"This is the anomaly sound of a toy car with model G2 and speed 34V, {POSITION} 1, in noise 6."
    ),
    "ToyTrain/test/section_04_target_test_normal_0100_car_F2_spd_10_mic_1_noise_6.wav": (
        f"This is the normal sound of a toy train with model F2 and speed 10, {POSITION} 1, in noise 6."
    ),
    "valve/test/section_03_target_test_normal_0000_pat_06.wav": "This is the normal sound of a valve with pattern 06.",
    "valve/test/section_04_source_test_normal_0100_pat_05_panel_bs-c.wav": (
        "This is the normal sound of a valve with pattern 05 and panel bs-c."
    ),
    "valve/test/section_05_target_test_anomaly_0199_v1pat_04_v2pat_05.wav": (
        "This is the anomaly sound of a valve with pattern 04 of valve 1 and pattern 05 of valve 2."
    ),
}
DCASE_2023 = {
    "bandsaw/test/section_00_source_test_anomaly_0005_vel_15.wav": (
        "This is the anomaly sound of a bandsaw with velocity 15."
    ),
    "bearing/test/section_00_source_test_anomaly_0000_vel_16_loc_D.wav": (
        "This is the anomaly sound of a bearing with velocity 16, recorded by a microphone placed at the location D."
    ),
    "gearbox/test/section_00_source_test_anomaly_0000_volt_1.5_wt_50.wav": (
        "This is the anomaly sound of a gearbox with voltage 1.5 and weight 50."
    ),
    "grinder/test/section_00_target_test_normal_0194_grindstone_4_plate_2.wav": (
        "This is the normal sound of a grinding machine with grindstones 4 and metal plates 2."
    ),
    "shaker/test/section_00_source_test_anomaly_0000_speed_1000.wav": (
        "This is the anomaly sound of a shaker with speed 1000."
    ),
    "slider/test/section_00_source_test_anomaly_0000_vel_730_ac_0.11.wav": (
        "This is the anomaly sound of a slide rail with velocity 730 and acceleration 0.11."
    ),
    "ToyDrone/test/section_00_target_test_anomaly_0012_car_C1_spd_1_mic_2.wav": (
        f"This is the anomaly sound of a toy drone with model C1 and speed 1, {POSITION} 2."
    ),
    "ToyNscale/test/section_00_source_test_anomaly_0037_car_B2_spd_3_mic_1.wav": (
        f"This is the anomaly sound of an N scale toy train with model B2 and speed 3, {POSITION} 1."
    ),
    "ToyTank/test/section_00_target_test_normal_0022_car_C1_spd_1_mic_1.wav": (
        f"This is the normal sound of a toy tank with model C1 and speed 1, {POSITION} 1."
    ),
    "Vacuum/test/section_00_source_test_normal_0026_car_B1_spd_Lb_mic_1.wav": (
        f"This is the normal sound of a vacuum cleaner with model B1 and speed Lb, {POSITION} 1."
    ),
}
DCASE_2024 = {
    "bearing/test/section_00_source_test_anomaly_0001_pro_A_vel_4_loc_A.wav": (
        "This is the anomaly sound of a bearing with product A and velocity 4, recorded by a microphone placed at the "
        "location A."
    ),
    "fan/test/section_00_source_test_anomaly_0001_n_A.wav": "This is the anomaly sound of a fan, in noise A.",
    "gearbox/test/section_00_source_test_anomaly_0001_noAttribute.wav": "This is the anomaly sound of a gearbox.",
    "valve/test/section_00_source_test_anomaly_0010_v1pat_B_v2pat_none.wav": (
        "This is the anomaly sound of a valve with pattern B of valve 1 and pattern none of valve 2."
    ),
    "3DPrinter/test/section_00_target_test_anomaly_0001_mdl_B_spd_2.wav": (
        "This is the anomaly sound of a 3D printer with model B and speed 2."
    ),
    "AirCompressor/test/section_00_source_test_normal_0001_noAttribute.wav": (
        "This is the normal sound of an air compressor."
    ),
    "BrushlessMotor/test/section_00_source_test_normal_0003_spd1000_BckgC.wav": (
        "This is the normal sound of a brushless motor with speed 1000, in background noise C."
    ),
    "HairDryer/test/section_00_source_test_normal_0029_id_B4_spd_2_mic_1.wav": (
        f"This is the normal sound of a hair dryer with ID B4 and speed 2, {POSITION} 1."
    ),
    "HoveringDrone/test/section_00_source_test_anomaly_0037_noAttribute.wav": (
        "This is the anomaly sound of a hovering drone."
    ),
    "RoboticArm/test/section_00_source_test_normal_0035_weight15_BckgF.wav": (
        "This is the normal sound of a robotic arm with weight 15, in background noise F."
    ),
    "Scanner/test/section_00_target_test_normal_0001_res_2_len_1.wav": (
        "This is the normal sound of a scanner with resolution 2 and length 1."
    ),
    "ToothBrush/test/section_00_target_test_normal_0022_noAttribute.wav": (
        "This is the normal sound of an electric toothbrush."
    ),
    "ToyCircuit/test/section_00_target_test_normal_0032_id_C2_spd_4_mic_2.wav": (
        f"This is the normal sound of a toy circuit with ID C2 and speed 4, {POSITION} 2."
    ),
}
DCASE_2025 = {
    "AutoTrash/test/section_00_target_test_anomaly_0012_id_C1_spd_2_mic_2.wav": (
        f"This is the anomaly sound of an automatic trash bin with ID C1 and speed 2, {POSITION} 2."
    ),
    "BandSealer/test/section_00_source_test_anomaly_0001_spd_6_n_D.wav": (
        "This is the anomaly sound of a band sealer with speed 6, in noise D."
    ),
    "CoffeeGrinder/test/section_00_source_test_normal_0233_mic_imp34dt05_mic_pos_A_grind_100_bkg_A.wav": (
        f"This is the normal sound of a coffee grinder with microphone imp34dt05 and grind 100, {POSITION} A, in "
        "background noise A."
    ),
    "HomeCamera/test/section_00_source_test_anomaly_0037_id_A2_spd_2_mic_3.wav": (
        f"This is the anomaly sound of a home camera with ID A2 and speed 2, {POSITION} 3."
    ),
    "Polisher/test/section_00_target_test_anomaly_0001_pow_4_n_A.wav": (
        "This is the anomaly sound of a polishing machine with power 4, in noise A."
    ),
    "ScrewFeeder/test/section_00_source_test_anomaly_0001_vol_12000.wav": (
        "This is the anomaly sound of a screw feeder with volume 12000."
    ),
    "ToyPet/test/section_00_target_test_normal_0022_id_C2_spd_2_mic_2.wav": (
        f"This is the normal sound of a toy pet with ID C2 and speed 2, {POSITION} 2."
    ),
    "ToyRCCar/test/section_00_target_test_normal_0032_id_C2_spd_3_mic_2.wav": (
        f"This is the normal sound of a remote-controlled toy car with ID C2 and speed 3, {POSITION} 2."
    ),
}

ALL = PAPER | DCASE_2020 | DCASE_2021 | DCASE_2022 | DCASE_2023 | DCASE_2024 | DCASE_2025
