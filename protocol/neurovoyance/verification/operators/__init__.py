"""L2: what every operator's output must be, given its inputs; one module a family.

``judge.check`` is the entry; ``base`` has the vocabulary. Import from the modules.
"""
