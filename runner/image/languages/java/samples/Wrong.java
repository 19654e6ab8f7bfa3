class Wrong {
    int wrong() {
        String text = 1;
        return missing(text)
    }
}
