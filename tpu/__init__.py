"""The runtime half: TFLite interpreters on CPU and Edge TPU, pictures in, vectors and probabilities out."""
