"""What an operator needs beside the work itself: accounts, figures, copies of what is precious."""
