"""MS-CLAP 2023 (Elizalde et al.): audio tower, text tower and caption decoder, from its weights or from random ones."""
