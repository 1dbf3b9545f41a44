"""Give wall and console one look and one vocabulary, in Chinese and English."""
