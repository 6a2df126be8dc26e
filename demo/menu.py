"""What Café Aurora sells, an art café in Vienna. Prices in cents."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Dish:
    """One thing on the menu."""

    sku: str
    name: str
    category: str
    price_minor: int


HOT, COLD, PASTRY, LUNCH, ART = "hot drinks", "cold drinks", "pastries", "lunch", "art"

MENU = (
    Dish("hot-melange", "Melange", HOT, 420),
    Dish("hot-cappuccino", "Cappuccino", HOT, 440),
    Dish("hot-espresso", "Espresso", HOT, 310),
    Dish("hot-flat-white", "Flat white", HOT, 460),
    Dish("hot-einspaenner", "Einspänner", HOT, 520),
    Dish("hot-tea", "Pot of tea", HOT, 480),
    Dish("hot-chocolate", "Hot chocolate", HOT, 510),
    Dish("cold-lemonade", "Elderflower lemonade", COLD, 450),
    Dish("cold-brew", "Cold brew", COLD, 490),
    Dish("cold-spritzer", "Apple spritzer", COLD, 390),
    Dish("cake-sacher", "Sachertorte", PASTRY, 590),
    Dish("cake-strudel", "Apple strudel", PASTRY, 560),
    Dish("cake-croissant", "Croissant", PASTRY, 310),
    Dish("cake-cinnamon", "Cinnamon bun", PASTRY, 380),
    Dish("lunch-soup", "Soup of the day", LUNCH, 690),
    Dish("lunch-bowl", "Grain bowl", LUNCH, 1190),
    Dish("lunch-toast", "Mushroom toast", LUNCH, 1090),
    Dish("art-ticket", "Exhibition ticket", ART, 900),
    Dish("art-workshop", "Drawing workshop", ART, 3900),
    Dish("art-print", "Risograph print", ART, 2400),
)

BY_CATEGORY = {
    category: tuple(dish for dish in MENU if dish.category == category) for category in (HOT, COLD, PASTRY, LUNCH, ART)
}
