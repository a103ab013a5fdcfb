from tests.interop.peers import ALL, Absent

for peers in ALL:
    try:
        print(peers())
    except Absent as reason:
        print(f"{peers.__name__}: {reason}")
