"""Django Channels with its layer in memory, served by uvicorn: /publish speaks to a group, /subscribe is in it."""

import sys

import django
import uvicorn
from django.conf import settings

LAYER = {"BACKEND": "channels.layers.InMemoryChannelLayer", "CONFIG": {"capacity": 100_000}}
settings.configure(DEBUG=False, SECRET_KEY="bench", ALLOWED_HOSTS=["*"], INSTALLED_APPS=["channels"],
                   CHANNEL_LAYERS={"default": LAYER})
django.setup()

from channels.generic.websocket import AsyncWebsocketConsumer  # noqa: E402
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from django.urls import path  # noqa: E402


class Viewer(AsyncWebsocketConsumer):
    async def connect(self) -> None:
        await self.channel_layer.group_add("viewers", self.channel_name)
        await self.accept()

    async def tick(self, event: dict) -> None:
        await self.send(text_data=event["text"])

    async def disconnect(self, code: int) -> None:
        await self.channel_layer.group_discard("viewers", self.channel_name)


class Publisher(AsyncWebsocketConsumer):
    async def receive(self, text_data=None, bytes_data=None) -> None:
        await self.channel_layer.group_send("viewers", {"type": "tick", "text": text_data})


routes = URLRouter([path("subscribe", Viewer.as_asgi()), path("publish", Publisher.as_asgi())])
uvicorn.run(ProtocolTypeRouter({"websocket": routes}), host="127.0.0.1", port=int(sys.argv[1]), log_level="error",
            lifespan="off", ws_per_message_deflate=False, backlog=4096)
