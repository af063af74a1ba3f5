"""Commands that change a stack past its API: manifests, keys, secrets."""
