"""What listens and what connects, where a test asks who reaches whom."""

# Everybody listens on this port, the server on its own.
LISTENS = 8080
OUTSIDE = "198.51.100.1"

# What connects, from one place to many others at once: each is `reached` or not.
CONNECT = """
import concurrent.futures, json, socket, sys

def reaches(place):
    try:
        socket.create_connection(place, timeout=3).close()
    except OSError:
        return False
    return True

places = json.loads(sys.argv[1])
with concurrent.futures.ThreadPoolExecutor(len(places)) as pool:
    print(json.dumps(list(pool.map(reaches, map(tuple, places)))))
"""
