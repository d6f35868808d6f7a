"""Where the emulator differs from AWS and we rely on AWS's behaviour: one module for each gap, each with `apply`.

The modules reach into MiniStack's internals, so its version is pinned exactly and the tests in
`tests/contracts/` say for each gap what AWS does. Design a gap away before adding one here.
"""
