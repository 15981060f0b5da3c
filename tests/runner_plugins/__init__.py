"""Small generators that behave, or misbehave on request, for the tests of the runners."""
