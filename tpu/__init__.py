"""Run TFLite models on the CPU or an Edge TPU: pictures in, embeddings and class probabilities out."""
