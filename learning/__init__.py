"""The learning half: softmax regression on embeddings, and its export into the extractor's flatbuffer."""
