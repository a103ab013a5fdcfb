// An EV charger (02A1) or charger-discharger (027E) in Java, with the habits of the Java stacks of the field:
// one socket on every address, properties as a table with three maps, whatever isn't in a map has no length,
// a class addressed as instance 00 is answered by each of its objects, own multicast isn't heard.
//
// usage: java Device.java INTERFACE CLASS COUNT [old] [nameless] [readonly] [lag=SECONDS] [most=PROPERTIES]
//   old: the stack's first releases: what is unknown is left out of the answer, every announcement has TID 0 and
//   holds each property twice, and a list of more than 84 objects can't be read
// standard input: plug, unplug, reboot, discharge, fault, well, mode HEX; prints what was set.
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.DatagramPacket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.MulticastSocket;
import java.net.NetworkInterface;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.LinkedBlockingQueue;

public class Device {
    static final int PORT = 3610, PROFILE = 0x0EF001;
    static final int SETI = 0x60, SETC = 0x61, GET = 0x62, INF_REQ = 0x63, INFC = 0x74, SETGET = 0x6E;
    static MulticastSocket socket;
    static InetSocketAddress group;
    static NetworkInterface wire;
    static int number, lag, most = 255, tid;
    static boolean old, nameless, readonly;
    static final TreeMap<Integer, Thing> things = new TreeMap<>();

    record Property(int epc, byte[] edt) {}

    record Told(InetAddress from, int tid, int seoj, int deoj, int esv, List<Property> properties) {}

    static byte[] hex(String text) {
        byte[] made = new byte[text.length() / 2];
        for (int at = 0; at < made.length; at++) made[at] = (byte) Integer.parseInt(text.substring(2 * at, 2 * at + 2), 16);
        return made;
    }

    static byte[] big(long value, int size) {
        byte[] made = new byte[size];
        for (int at = 0; at < size; at++) made[at] = (byte) (value >> 8 * (size - 1 - at));
        return made;
    }

    static String text(byte[] bytes) {
        StringBuilder made = new StringBuilder();
        for (byte each : bytes) made.append(String.format("%02x", each));
        return made.toString();
    }

    static byte[] map(Set<Integer> epcs) {
        byte[] made = new byte[epcs.size() < 16 ? epcs.size() + 1 : 17];
        made[0] = (byte) epcs.size();
        int at = 1;
        for (int epc : epcs) {
            if (epcs.size() < 16) made[at++] = (byte) epc;
            else made[1 + (epc & 15)] |= 1 << ((epc >> 4) - 8);
        }
        return made;
    }

    /** An object: its values are kept as they are told; null has no length. */
    static abstract class Thing {
        final Set<Integer> told = new HashSet<>(), settable = new HashSet<>(), readable = new HashSet<>();

        abstract byte[] get(int epc);

        boolean set(int epc, byte[] edt) {
            return false;
        }

        byte[] read(int epc) {
            if (!readable.contains(epc)) return null;
            return epc == 0x9D ? map(told) : epc == 0x9E ? map(settable) : epc == 0x9F ? map(readable) : get(epc);
        }
    }

    static class Profile extends Thing {
        Profile() {
            told.addAll(List.of(0x80, 0xD5));
            settable.add(0xBF);
            readable.addAll(List.of(0x80, 0x82, 0x83, 0x8A, 0x9D, 0x9E, 0x9F, 0xBF, 0xD3, 0xD4, 0xD6, 0xD7));
        }

        byte[] list() {
            if (old && things.size() - 1 > 84) return null;
            ByteBuffer made = ByteBuffer.allocate(1 + 3 * Math.min(84, things.size() - 1));
            made.put((byte) Math.min(84, things.size() - 1));
            for (int eoj : things.keySet()) if (eoj != PROFILE && made.hasRemaining()) made.put(big(eoj, 3));
            return made.array();
        }

        byte[] get(int epc) {
            switch (epc) {
                case 0x80: return hex("30");
                case 0x82: return hex("010a0100");
                case 0x83: return nameless ? new byte[17] : hex(String.format("fe000077%026x", number));
                case 0x8A: return hex("000077");
                case 0xBF: return hex("8001");
                case 0xD3: return big(things.size() - 1, 3);
                case 0xD4: return hex("0002");
                case 0xD5: case 0xD6: return list();
                case 0xD7: return hex(String.format("01%04x", things.firstKey() >> 8));
                default: return null;
            }
        }
    }

    static class Charger extends Thing {
        final boolean both;
        boolean plugged, fault;
        int mode = 0x44, asked = -1, watts = 6000, tenths = 300, method = 1;
        long due;
        double wh = 1000, out = 0;

        Charger(boolean both) {
            this.both = both;
            told.addAll(List.of(0x80, 0x81, 0x88, 0xC7, 0xDA));
            settable.addAll(List.of(0x81, 0xDA));
            readable.addAll(List.of(0x80, 0x81, 0x82, 0x88, 0x8A, 0x9D, 0x9E, 0x9F, 0xC5, 0xC7, 0xC8, 0xCA, 0xCC));
            readable.addAll(List.of(0xD2, 0xD3, 0xD8, 0xDA, 0xE2, 0xE4, 0xE6, 0xEB, 0xED));
            if (!readonly) settable.addAll(List.of(0xEB, 0xED));
            if (both) readable.addAll(List.of(0xD4, 0xD5, 0xD6, 0xDC));
            if (both && !readonly) settable.add(0xDC);
        }

        int power() {
            if (!plugged || fault) return 0;
            return mode == 0x42 ? Math.min(watts, tenths * 20) : mode == 0x43 ? -3000 : 0;
        }

        void pass(double seconds) {
            if (asked >= 0 && System.currentTimeMillis() >= due) {
                mode = asked;
                asked = -1;
                inform(0xDA);
            }
            if (power() > 0) wh += power() * seconds / 3600;
            else out -= power() * seconds / 3600;
        }

        void inform(int... epcs) {
            int me = things.entrySet().stream().filter(each -> each.getValue() == this).findFirst().get().getKey();
            List<Property> found = new ArrayList<>();
            for (int epc : epcs) for (int turn = 0; turn < (old ? 2 : 1); turn++) found.add(new Property(epc, read(epc)));
            send(null, old ? 0 : tid++, me, PROFILE, 0x73, found);
        }

        byte[] get(int epc) {
            switch (epc) {
                case 0x80: return hex("30");
                case 0x81: return hex("00");
                case 0x82: return hex("00004a00");
                case 0x88: return hex(fault ? "41" : "42");
                case 0x8A: return hex("000077");
                case 0xC5: return big(6000, 4);
                case 0xC7: return hex(!plugged ? "30" : both ? "43" : "41");
                case 0xC8: return hex("000004b000001770");
                case 0xCA: return hex("003c012c");
                case 0xCC: return hex("11");
                case 0xD2: return big(200, 2);
                case 0xD3: return big(power(), 4);
                case 0xD4: return big(power() / 20, 2);
                case 0xD5: return big(200, 2);
                case 0xD6: return big((long) out, 4);
                case 0xD8: return big((long) wh, 4);
                case 0xDA: return big(mode, 1);
                case 0xDC: return big(method, 1);
                case 0xE2: return plugged ? big(20000, 4) : null;
                case 0xE4: return plugged ? big(50, 1) : null;
                case 0xEB: return big(watts, 4);
                case 0xED: return big(tenths, 2);
                default: return null;
            }
        }

        boolean set(int epc, byte[] edt) {
            int size = epc == 0xEB ? 4 : epc == 0xED ? 2 : 1;
            if (edt == null || edt.length != size) return false;
            int value = 0;
            for (byte each : edt) value = value << 8 | each & 0xFF;
            if (epc == 0xEB && (value < 1200 || value > 6000)) return false;
            if (epc == 0xED && (value < 60 || value > 300)) return false;
            if (epc == 0xEB) watts = value;
            else if (epc == 0xED) tenths = value;
            else if (epc == 0xDC) method = value;
            else if (epc == 0xDA) become(value);
            return true;
        }

        void become(int wanted) {
            if (lag == 0) {
                mode = wanted;
                inform(0xDA);
            } else {
                asked = wanted;
                due = System.currentTimeMillis() + 1000L * lag;
            }
        }
    }

    static void send(InetAddress host, int tid, int seoj, int deoj, int esv, List<Property> properties) {
        ByteBuffer made = ByteBuffer.allocate(65507);
        made.put(hex("1081")).putShort((short) tid).put(big(seoj, 3)).put(big(deoj, 3)).put((byte) esv).put((byte) properties.size());
        for (Property each : properties) {
            made.put((byte) each.epc).put((byte) (each.edt == null ? 0 : each.edt.length));
            if (each.edt != null) made.put(each.edt);
        }
        try {
            InetSocketAddress to = host == null ? group : new InetSocketAddress(host, PORT);
            socket.send(new DatagramPacket(made.array(), made.position(), to));
        } catch (java.io.IOException error) {
            System.out.println("not sent: " + error.getMessage());
        }
    }

    /** What is cut off is passed over; null: not this format. */
    static Told parsed(InetAddress from, byte[] data) {
        if (data.length < 12 || data[0] != 0x10 || data[1] != (byte) 0x81) return null;
        ByteBuffer at = ByteBuffer.wrap(data, 2, data.length - 2);
        int tid = at.getShort() & 0xFFFF, seoj = three(at), deoj = three(at), esv = at.get() & 0xFF, count = at.get() & 0xFF;
        List<Property> found = new ArrayList<>();
        while (count-- > 0 && at.remaining() >= 2) {
            int epc = at.get() & 0xFF, size = at.get() & 0xFF;
            if (at.remaining() < size) break;
            byte[] edt = new byte[size];
            at.get(edt);
            found.add(new Property(epc, size == 0 ? null : edt));
        }
        return new Told(from, tid, seoj, deoj, esv, found);
    }

    static int three(ByteBuffer at) {
        return (at.get() & 0xFF) << 16 | (at.getShort() & 0xFFFF);
    }

    static void perform(Told asked) {
        for (int eoj : List.copyOf(things.keySet())) {
            boolean all = (asked.deoj & 0xFF) == 0 && !(old && eoj == PROFILE);
            if (eoj == asked.deoj || all && eoj >> 8 == asked.deoj >> 8) answer(asked, eoj, things.get(eoj));
        }
    }

    static void answer(Told asked, int eoj, Thing thing) {
        List<Property> made = new ArrayList<>();
        boolean good = true;
        for (Property each : asked.properties.subList(0, Math.min(most, asked.properties.size()))) {
            boolean setting = asked.esv == SETI || asked.esv == SETC;
            if (setting) {
                if (old && !thing.settable.contains(each.epc)) continue;
                boolean done = thing.settable.contains(each.epc) && thing.set(each.epc, each.edt);
                good &= done;
                made.add(new Property(each.epc, done ? null : each.edt));
                if (done) System.out.printf("set %06x %02x %s%n", eoj, each.epc, text(each.edt));
            } else {
                boolean list = asked.esv == INF_REQ && each.epc == 0xD5;
                byte[] edt = list ? thing.get(0xD5) : thing.read(each.epc);
                if (old && !list && !thing.readable.contains(each.epc)) continue;
                good &= edt != null;
                made.add(new Property(each.epc, asked.esv == INFC ? null : edt));
            }
        }
        switch (asked.esv) {
            case SETI: if (!good) send(asked.from, asked.tid, eoj, asked.seoj, 0x50, made); break;
            case SETC: send(asked.from, asked.tid, eoj, asked.seoj, good ? 0x71 : 0x51, made); break;
            case GET: send(asked.from, asked.tid, eoj, asked.seoj, good ? 0x72 : 0x52, made); break;
            case INF_REQ: send(good ? null : asked.from, asked.tid, eoj, asked.seoj, good ? 0x73 : 0x53, made); break;
            case INFC: send(asked.from, asked.tid, eoj, asked.seoj, 0x7A, made); break;
            case SETGET: send(asked.from, asked.tid, eoj, asked.seoj, 0x5E, List.of()); break;
            default:
        }
    }

    static void start() {
        for (int turn = 0; turn < 1; turn++) {
            byte[] list = things.get(PROFILE).get(0xD5);
            if (list != null) send(null, old ? 0 : tid++, PROFILE, PROFILE, 0x73, List.of(new Property(0xD5, list)));
        }
    }

    static void heard(LinkedBlockingQueue<Told> queue) throws Exception {
        byte[] room = new byte[65507];
        while (true) {
            DatagramPacket packet = new DatagramPacket(room, room.length);
            socket.receive(packet);
            if (Collections.list(wire.getInetAddresses()).contains(packet.getAddress())) continue;
            byte[] data = new byte[packet.getLength()];
            System.arraycopy(room, 0, data, 0, data.length);
            Told told = parsed(packet.getAddress(), data);
            if (told != null) queue.offer(told);
        }
    }

    static void command(String[] words) {
        for (Thing each : List.copyOf(things.values())) {
            if (!(each instanceof Charger charger)) continue;
            switch (words[0]) {
                case "plug": charger.plugged = true; charger.inform(0xC7); break;
                case "unplug": charger.plugged = false; charger.mode = 0x44; charger.inform(0xC7, 0xDA); break;
                case "discharge": charger.mode = 0x43; charger.inform(0xDA); break;
                case "fault": charger.fault = true; charger.inform(0x88); break;
                case "well": charger.fault = false; charger.inform(0x88); break;
                case "mode": charger.mode = Integer.parseInt(words[1], 16); charger.inform(0xDA); break;
                case "reboot": charger.mode = 0x44; charger.watts = 6000; charger.tenths = 300; break;
                default:
            }
            if (words.length > 1 && words[words.length - 1].equals("one")) break;
        }
        if (words[0].equals("reboot")) start();
    }

    public static void main(String[] given) throws Exception {
        wire = NetworkInterface.getByName(given[0]);
        int kind = Integer.parseInt(given[1], 16), count = Integer.parseInt(given[2]);
        for (String each : given) {
            old |= each.equals("old");
            nameless |= each.equals("nameless");
            readonly |= each.equals("readonly");
            if (each.startsWith("lag=")) lag = Integer.parseInt(each.substring(4));
            if (each.startsWith("most=")) most = Integer.parseInt(each.substring(5));
            if (each.startsWith("number=")) number = Integer.parseInt(each.substring(7));
        }
        things.put(PROFILE, new Profile());
        for (int each = 1; each <= count; each++) things.put(kind << 8 | each, new Charger(kind == 0x027E));
        group = new InetSocketAddress(InetAddress.getByName("224.0.23.0"), PORT);
        socket = new MulticastSocket(PORT);
        socket.setNetworkInterface(wire);
        socket.joinGroup(group, wire);
        socket.setOption(java.net.StandardSocketOptions.IP_MULTICAST_LOOP, false);
        LinkedBlockingQueue<Told> queue = new LinkedBlockingQueue<>();
        Thread hearing = new Thread(() -> { try { heard(queue); } catch (Exception error) { System.out.println(error); } });
        Thread performing = new Thread(() -> { while (true) try { perform(queue.take()); } catch (Exception error) { System.out.println(error); } });
        Thread passing = new Thread(() -> { while (true) try {
            Thread.sleep(200);
            for (Thing each : List.copyOf(things.values())) if (each instanceof Charger charger) charger.pass(0.2 * 60);
        } catch (Exception error) { System.out.println(error); } });
        for (Thread each : List.of(hearing, performing, passing)) { each.setDaemon(true); each.start(); }
        start();
        System.out.println("ready");
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            command(line.trim().split(" "));
            System.out.println("done " + line.trim());
        }
    }
}
