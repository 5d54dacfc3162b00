"""All that serving needs: load a trained model and predict."""
