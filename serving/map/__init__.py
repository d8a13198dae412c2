"""The peace map (平安地图): how many disputes where, with small counts hidden."""
