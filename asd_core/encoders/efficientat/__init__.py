"""EfficientAT: MobileNetV3 networks trained on AudioSet, small and fast on a CPU (Schmid et al., ICASSP 2023)."""
