"""Three intents with eight utterances each, for models that train within a second."""

from __future__ import annotations

SMALL_DATA = {
    "greeting": [
        "hello",
        "hi there",
        "good morning",
        "hey, how are you",
        "hello to all of you",
        "good evening",
        "hi",
        "hey there",
    ],
    "order_tracking": [
        "where is my order",
        "track my parcel",
        "has my package shipped",
        "my order has not arrived yet",
        "when does my parcel come",
        "order status please",
        "where is my package",
        "tracking number of my order",
    ],
    "password_reset": [
        "I forgot my password",
        "reset my password please",
        "the password reset link is broken",
        "how do I change my password",
        "new password needed",
        "lost my password",
        "password forgotten",
        "please reset password",
    ],
}
