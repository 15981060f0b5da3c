"""What hands ask of the show, carried out: looks, undo, morphs, routes, the pad."""
