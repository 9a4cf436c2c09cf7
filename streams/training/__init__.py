"""How packaged weights are learnt from labelled texts and logged behaviour; never at run time."""
