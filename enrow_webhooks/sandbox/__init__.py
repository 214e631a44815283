"""A faithful fake of the Enrow API that runs on one's own machine: no key to buy, no credits to burn.

It imports nothing of the rest of the project, because a witness must not share the code it judges. Every fact about
the wire comes from Enrow's public documentation; what no source states is marked as an inference where it is decided.
"""
